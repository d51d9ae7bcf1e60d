"""Airflow on this machine: `up` starts it, `down` stops it, `run DAG` runs one DAG to its end.

python -m include.airflow_site up
python -m include.airflow_site run flight_delays --set window.end=2013-09-01
python -m include.airflow_site down
python -m include.airflow_site --repo ../theirs up    another DVC repository, with its dags/
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from include.airflow_site import processes
from include.airflow_site.api import AirflowApi
from include.airflow_site.settings import Site, secrets_of
from include.errors import PipelineError, PlatformError, at_most_ten, did_you_mean
from include.pipeline.plan import MADE_FROM, in_git

ENDS = ("success", "failed")


def main(argv: list[str] | None = None) -> int:
    """Carry out one command; the exit status of `run` is that of the run."""
    parser = argparse.ArgumentParser(
        prog="python -m include.airflow_site",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--repo", type=Path, default=Path(), help="root of the DVC repository")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start Airflow, and keep it running")
    commands.add_parser("down", help="stop it, with all its children")
    run = commands.add_parser("run", help="run one DAG to its end")
    run.add_argument("dag_id")
    run.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="values")
    words = parser.parse_args(argv)
    site = Site.of(words.repo)
    try:
        if words.command == "down":
            processes.stop(site)
            return 0
        if words.command == "up":
            print(address(site, processes.start(site)))
            return 0
        return run_dag(site, words.dag_id, dict(read_value(text) for text in words.values))
    except PlatformError as error:
        print(f"{words.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; what was done is kept. `make run` goes on.", file=sys.stderr)
        return 130


def address(site: Site, rest: AirflowApi) -> str:
    """Where the UI is, and how to log in."""
    return (
        f"Airflow is up: {rest.url}\n  user admin, password {secrets_of(site.home)['password']} "
        f"(kept in {site.home / 'secrets.json'})\n  stop it with `make down`"
    )


def read_value(text: str) -> tuple[str, object]:
    """NAME=VALUE, where VALUE is JSON or else text."""
    name, found, value = text.partition("=")
    if not found:
        raise PipelineError(
            f"--set {text} is not NAME=VALUE.", "write --set window.end=2013-09-01."
        )
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def run_dag(site: Site, dag_id: str, conf: dict[str, object]) -> int:
    """Run one DAG, and stop Airflow again if it was not up before."""
    was_up = processes.up(site)
    rest = processes.start(site)
    try:
        wait_for_dag(site, rest, dag_id)
        run_id = rest.trigger(dag_id, conf)
        print(f"{dag_id} {run_id}: {rest.url}/dags/{dag_id}/runs/{run_id}", flush=True)
        state = follow(rest, dag_id, run_id)
        if state == "success":
            report(site, rest, dag_id, run_id)
        return 0 if state == "success" else 1
    finally:
        if not was_up:
            processes.stop(site)


def wait_for_dag(site: Site, rest: AirflowApi, dag_id: str, seconds: float = 120) -> None:
    """Return when Airflow has read the DAG as it is now.

    Raises:
        PipelineError: it has read all files, and there is no such DAG.
    """
    until, changed = time.monotonic() + seconds, changed_at(site)
    while dag_id not in (held := rest.dags(since=changed)):
        errors = rest.import_errors(since=changed)
        files = {path.name for path in site.dags.glob("*.py")}
        if files <= {*held.values(), *errors} or time.monotonic() > until:
            raise unknown(dag_id, held, errors)
        time.sleep(0.2)


def changed_at(site: Site) -> float:
    """When a DAG file, or a file that the graph is made from, was last written."""
    files = [*site.dags.glob("*.py"), site.repo / "params.yaml"]
    files += [site.repo / name for name in in_git(site.repo, *MADE_FROM)]
    return min(time.time(), max(file.stat().st_mtime for file in files if file.exists()))


def unknown(dag_id: str, held: Mapping[str, str], errors: Mapping[str, str]) -> PipelineError:
    """Say what there is, and which file cannot be read: it may be the one."""
    what = f"Airflow has no DAG {dag_id!r}.{did_you_mean(dag_id, held)}"
    for file, trace in errors.items():
        what += f"\nThe DAG file {file} cannot be read: {trace.strip()}"
    fix = f"name one of {at_most_ten(sorted(held))}"
    return PipelineError(what, fix + (", or mend the file." if errors else "."))


def follow(rest: AirflowApi, dag_id: str, run_id: str) -> str:
    """Print what each task does until the run ends, and return its state."""
    seen: dict[str, str] = {}
    began = time.monotonic()
    while True:
        state = str(rest.run(dag_id, run_id)["state"])
        for task in sorted(rest.tasks(dag_id, run_id), key=lambda t: t["start_date"] or "~"):
            name, now = task["task_id"], str(task["state"])
            if seen.get(name) == now or now not in ("running", *ENDS, "up_for_retry"):
                continue
            seen[name] = now
            line = f"{time.monotonic() - began:6.1f} s  {name:24} {now}"
            print(line + told(rest, dag_id, run_id, task), flush=True)
        if state in ENDS:
            return state
        time.sleep(0.5)


def told(rest: AirflowApi, dag_id: str, run_id: str, task: dict[str, Any]) -> str:
    """What a task that ended has to say: why it ran, or the last lines of its log."""
    name, now = task["task_id"], task["state"]
    if now == "success" and task.get("note"):
        return f" ({task['note']})"
    if now in ("failed", "up_for_retry"):
        lines = rest.log(dag_id, run_id, name, task["try_number"])
        shown = [line for line in lines if line.strip()][-12:]
        return "\n" + "\n".join(f"          {line}" for line in shown)
    return ""


def report(site: Site, rest: AirflowApi, dag_id: str, run_id: str) -> None:
    """Print the experiment, the metrics and the reports of a run."""
    from include import summary
    from include.pipeline.workspace import reports_of

    name = rest.result(dag_id, run_id, "close_run")
    kept = reports_of(site.leeway, dag_id, run_id)
    if (kept / "metrics").exists():
        summary.main(kept)
    print(f"\nExperiment {name}\n  see it: dvc exp show\n  take it: dvc exp apply {name}")


if __name__ == "__main__":
    raise SystemExit(main())
