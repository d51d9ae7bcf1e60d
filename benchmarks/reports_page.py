"""How fast the page of reports is with many runs: `python -m benchmarks.reports_page --runs 1000`.

It makes an Airflow of its own in a scratch folder, with a repository that holds one experiment for
each run, and starts nothing of it but the API server. The first byte is timed as curl does, by
requests with a login; where there is chromium, so is when the page can be read and clicked, by
itself and inside Airflow's UI.
"""

import argparse
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from include.airflow_site import processes
from include.airflow_site.settings import Site, any_port, environment, prepare, secrets_of
from include.pipeline.closing.card import place_of, write_card
from include.pipeline.git.command import AUTHOR, git
from include.pipeline.names import run_name
from include.pipeline.past.record import Record, as_line
from include.pipeline.workspace import reports_of

DAGS = ("train", "watch")
BEGAN = datetime(2023, 1, 1, tzinfo=UTC)
VERDICTS = (
    {"state": "steady", "sentence": "The model does as it should.", "to_do": "Nothing to do."},
    {"state": "moved", "sentence": "What the model sees has moved, and it does not hurt."},
    {"state": "hurts", "sentence": "The model does worse than it should.", "to_do": "Retrain it."},
    {"state": "blind", "sentence": "Whether the model is hurt cannot be told."},
)
NUMBERS = [
    *(
        f"metrics/watch.json:{name}"
        for name in ("auc", "log_loss", "prediction_psi", "stale_share")
    ),
    *(f"metrics/evaluation.json:figure_{n}" for n in range(30)),
]
MAKERS = {"reports/watch.html": "watch_rows", "reports/watch.json": "watch_rows"} | {
    name.partition(":")[0]: "watch_rows" for name in NUMBERS
}
PLACES = {
    "all DAGs": "/reports/",
    "one DAG, with trends": "/reports/?dag_id=train",
    "the last page": "/reports/?dag_id=train&page={last}",
    "one window": "/reports/?since=2023-06-01&until=2023-06-30",
    "a run": "/reports/run?dag_id=train&run_id=scheduled__0",
}


def main() -> None:
    """Make the runs, start the server, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--keep", type=Path, help="a folder to make all of it in, and to leave")
    parser.add_argument("--serve", action="store_true", help="leave the server up until Ctrl-C")
    parser.add_argument("--fill", action="store_true", help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.fill:
        return fill(words.runs)
    with scratch(words.keep) as folder, served(folder, words.runs) as site:
        url = f"http://127.0.0.1:{(site.home / 'port').read_text()}"
        by_requests(url, site, words.runs)
        by_browser(url, site)
        if words.serve:
            print(url, secrets_of(site.home)["password"], flush=True)
            signal.pause()


@contextmanager
def scratch(kept: Path | None) -> Iterator[Path]:
    """The folder that was named, or one that goes in the end."""
    if kept:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
    else:
        with tempfile.TemporaryDirectory() as made:
            yield Path(made)


@contextmanager
def served(folder: Path, runs: int) -> Iterator[Site]:
    """Airflow's API server over so many runs."""
    repo = folder / "repo"
    new = not repo.exists()
    (repo / "dags").mkdir(parents=True, exist_ok=True)
    if new:
        experiments(repo, runs)
    site = Site.of(repo)
    prepare(site.home)
    (site.home / "logs").mkdir(exist_ok=True)
    port = any_port()
    env = environment(site, port)
    env["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), env.get("PYTHONPATH", "")])
    (site.home / "port").write_text(str(port))
    if new:
        migrate = [sys.executable, "-m", "airflow", "db", "migrate"]
        processes.once(migrate, env, site.home / "logs/migrate.log")
        again = [sys.executable, "-m", __spec__.name if __spec__ else "", "--fill"]
        processes.once([*again, "--runs", str(runs)], env, site.home / "logs/fill.log")
        cards(site, runs)
    group = processes.launch("api-server", env, site.home)
    try:
        processes.wait(processes.api_of(site), site.home, {"api-server": group})
        yield site
    finally:
        os.killpg(group, signal.SIGKILL)


def ids(runs: int) -> list[tuple[str, str, datetime]]:
    """The runs: in turns of each DAG, one a day."""
    days = [BEGAN + timedelta(days=n // len(DAGS)) for n in range(runs)]
    return [(DAGS[n % len(DAGS)], f"scheduled__{n}", day) for n, day in enumerate(days)]


def experiments(repo: Path, runs: int) -> None:
    """A repository with an experiment for each run, written as git's import reads it."""
    git(repo, "init", "--quiet", "--initial-branch=main")
    (repo / "dvc.yaml").write_text("stages: {}\n")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "start", env=AUTHOR)
    base, chance, said = git(repo, "rev-parse", "HEAD"), random.Random(7), []
    lock = "schema: '2.0'\nstages:\n  watch_rows:\n    cmd: watch\n    deps:\n    - path: code.py\n"
    for dag_id, run_id, day in ids(runs):
        metrics = {name: round(chance.gauss(0.75, 0.03), 6) for name in NUMBERS}
        params = {"window.end": f"{day:%Y-%m-%d}", "train.depth": chance.randrange(3, 9)}
        record = Record(dag_id, run_id, day.timestamp(), params, metrics, {})
        message = f"dvc: commit experiment\n\n{as_line(record)}\n"
        name = f"refs/exps/{base[:2]}/{base[2:]}/{run_name(dag_id, run_id)}"
        text = f"{lock}      md5: {chance.randrange(2):032d}\n"
        said.append(
            f"commit {name}\ncommitter A <a@localhost> {int(day.timestamp())} +0000\n"
            f"data {len(message.encode())}\n{message}\nM 100644 inline dvc.lock\n"
            f"data {len(text)}\n{text}\n"
        )
    git(repo, "fast-import", "--quiet", given="".join(said))


def fill(runs: int) -> None:
    """Put the runs into the database of this process's Airflow."""
    from airflow.models import DagModel, DagRun
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunType

    with create_session() as session:
        session.add(DagBundleModel(name="ours"))
        session.flush()
        for dag_id in DAGS:
            session.add(DagModel(dag_id=dag_id, bundle_name="ours", fileloc="dags.py"))
        session.flush()
        for dag_id, run_id, day in ids(runs):
            held = {"dag_id": dag_id, "run_id": run_id, "run_type": DagRunType.SCHEDULED}
            interval = (day - timedelta(days=1), day)
            run = DagRun(
                **held, logical_date=day, run_after=day, data_interval=interval, state="success"
            )
            run.created_at = day
            session.add(run)


def cards(site: Site, runs: int) -> None:
    """Reports of each run, as its last task publishes them."""
    chance = random.Random(7)
    for dag_id, run_id, day in ids(runs):
        folder = reports_of(site.leeway, dag_id, run_id) / "reports"
        folder.mkdir(parents=True)
        told = chance.choice(VERDICTS)
        (folder / "watch.json").write_text(json.dumps({"verdict": told}))
        (folder / "watch.html").write_text("<!doctype html><title>watch</title><p>steady")
        known = {"repo": str(site.repo), "makers": MAKERS, "window": f"{day:%Y-%m-%d}"}
        write_card(site.leeway, (dag_id, run_id), **known)
        assert place_of(site.leeway, dag_id, run_id).exists()


def by_requests(url: str, site: Site, runs: int) -> None:
    """Print when the first byte came, of the first request and of ten more."""
    rest = processes.api_of(site)
    rest.call("GET", "/version")
    rest.call("GET", "/dags")
    login = {"Authorization": f"Bearer {rest.token}"}
    last = max(runs // len(DAGS) // 50, 1)
    print(f"{'':24} first request  median of 10    slowest   kB")
    with httpx.Client(base_url=url, headers=login, timeout=60) as client:
        for name, place in PLACES.items():
            times, size = [], 0
            for _ in range(11):
                began = time.perf_counter()
                with client.stream("GET", place.format(last=last)) as answer:
                    assert answer.status_code == 200, answer.status_code
                    body = answer.iter_raw()
                    first = next(body)
                    times.append((time.perf_counter() - began) * 1000)
                    size = len(first) + sum(map(len, body))
            middle = statistics.median(times[1:])
            print(
                f"{name:24} {times[0]:10.0f} ms {middle:10.0f} ms {max(times[1:]):7.0f} ms "
                f"{size / 1000:4.0f}"
            )


def by_browser(url: str, site: Site) -> None:
    """Print when a real browser can use the page."""
    try:
        from tests.browsing import chromium, signed_in
    except ImportError:
        return
    if chromium() is None:
        return
    with signed_in(url, secrets_of(site.home)["password"]) as page:
        for name in ("all DAGs", "one DAG, with trends"):
            took = []
            for _ in range(5):
                page.goto(f"{url}{PLACES[name]}")
                timing = page.evaluate("performance.getEntriesByType('navigation')[0].toJSON()")
                took.append((timing["responseStart"], timing["loadEventEnd"]))
            first, whole = (statistics.median(column) for column in zip(*took, strict=True))
            print(f"chromium, {name:22} first byte {first:.0f} ms, loaded {whole:.0f} ms")
        page.goto(url)
        page.get_by_test_id("nav-dags-link").first.wait_for()
        page.wait_for_load_state("networkidle")
        began = time.perf_counter()
        page.evaluate("history.pushState({}, '', '/plugin/reports')")
        page.evaluate("dispatchEvent(new PopStateEvent('popstate'))")
        page.frame_locator("iframe").get_by_role("button", name="Show").wait_for()
        took_ms = (time.perf_counter() - began) * 1000
        print(f"chromium, from another page of Airflow's UI: usable {took_ms:.0f} ms")


if __name__ == "__main__":
    main()
