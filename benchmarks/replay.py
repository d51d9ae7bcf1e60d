"""The year again, month by month: what watching, retraining and promotion are worth.

Run: `make replay`, or `python -m benchmarks.replay`. It begins with a model of January to March.
Then each month is scored by the model that was live, watched, and decided on, three times: never
trained again, trained again each month, and as the policy of `params.yaml` says. All is done by
the DAGs of `dags/`, in an Airflow of its own each, in clones of the last commit whose registry is
empty. What one way made, the others take from the cache. An hour on two cores; a way that was lived
through, at the same commit and with the same values, is not again.
"""

import argparse
import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from benchmarks import replay_report
from include.airflow_site import processes
from include.airflow_site.api import AirflowApi
from include.airflow_site.settings import Site
from include.command.run import follow, wait_for_dag
from include.flights.splits import add_months
from include.pipeline import params_file
from include.pipeline.workspace import reports_of

ROOT = Path(__file__).parents[1]
HOME = ROOT / ".airflow/replay"
WATCH, TRAIN, PROMOTE = "flight_delays_watch", "flight_delays", "flight_delays_promote"
WAYS = ("never", "always", "policy")
# In March there are three months: one to train on, one to choose, one to judge. What goes live is
# trained on all three, and what is judged on the first: the champion knows two months more. A
# single month is less well calibrated than two.
VALUES: dict[str, object] = {
    "splits.validation_months": 1,
    "splits.test_months": 1,
    "train_xgboost.refit": True,
    "train_torch.refit": True,
    "promotion.gates.champion.margin": 0.02,
    "promotion.gates.evaluation.calibration_error.maximum": 0.06,
}
AUTHOR = ("-c", "user.name=Leeway", "-c", "user.email=leeway@localhost")


@dataclass(frozen=True)
class Month:
    """What a way had at the end of a month."""

    month: str
    model: str | None
    auc: float | None
    state: str
    decision: str
    trained: bool
    promoted: str | None


@dataclass(frozen=True)
class Way:
    """A clone in which the year goes by, and its Airflow."""

    name: str
    site: Site
    rest: AirflowApi


def main() -> None:
    """Replay the months, and write what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--first", default="2013-04", help="month to begin with")
    parser.add_argument("--months", type=int, default=9, help="how many")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON", dest="values")
    words = parser.parse_args()
    given = {name: json.loads(value) for name, value in (v.split("=", 1) for v in words.values)}
    first = date.fromisoformat(f"{words.first}-01")
    months = [add_months(first, number) for number in range(words.months)]
    values = {**VALUES, **given}
    lived = {name: lived_through(name, months, values) for name in words.ways}
    print(f"\n{replay_report.table(lived)}\n\nAll of it: {HOME}")
    if set(words.ways) == set(WAYS) and not given:
        replay_report.write(lived)


def lived_through(
    name: str, months: list[date], values: Mapping[str, object]
) -> list[dict[str, Any]]:
    """What a way had at the end of each month, as it is kept or by letting them go by."""
    commit = ["git", "rev-parse", "HEAD"]
    head = subprocess.run(commit, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    about = {"commit": head.strip(), "values": values, "months": [str(month) for month in months]}
    file = HOME / f"{name}.json"
    held = json.loads(file.read_text()) if file.exists() else {}
    if held.get("about") != about:
        folder = HOME / f"{name}-{time.strftime('%Y%m%dT%H%M%S')}"
        found = [asdict(month) for month in live_through(name, folder, months, values)]
        held = {"about": about, "lived": found}
        file.write_text(json.dumps(held, indent=2) + "\n")
    lived: list[dict[str, Any]] = held["lived"]
    return lived


def live_through(
    name: str, folder: Path, months: list[date], values: Mapping[str, object]
) -> list[Month]:
    """Let the months go by in a clone."""
    clone(folder, values)
    site = Site.of(folder)
    way = Way(name, site, processes.start(site))
    try:
        for dag in (WATCH, TRAIN, PROMOTE):
            wait_for_dag(site, way.rest, dag)
        if train(way, months[0]) is None:
            raise SystemExit("The first model was refused: see the reports of its run.")
        return [month_of(way, month, last=month == months[-1]) for month in months]
    finally:
        processes.stop(site)


def clone(folder: Path, values: Mapping[str, object]) -> None:
    """A clone of the last commit without versions, which shares the cache."""
    command = ["git", "clone", "--quiet", "--shared", "--no-tags", str(ROOT), str(folder)]
    subprocess.run(command, check=True)
    subprocess.run(["git", "remote", "remove", "origin"], cwd=folder, check=True)
    held = yaml.safe_load((folder / "params.yaml").read_text())
    params_file.write(folder, values, {"params.yaml": held})
    message = ["commit", "--quiet", "--all", "--message", "replay: the months are short"]
    subprocess.run(["git", *AUTHOR, *message], cwd=folder, check=True)
    local = f"[cache]\n    dir = {ROOT / '.dvc/cache'}\n"
    (folder / ".dvc/config.local").write_text(local)


def month_of(way: Way, month: date, *, last: bool) -> Month:
    """Score and watch a month, decide, and do what was decided if another month is to come."""
    end = add_months(month, 1)
    run_id = to_its_end(way, WATCH, {"window.end": str(end)})
    reports = reports_of(way.site.leeway, WATCH, run_id) / "reports"
    window = json.loads((reports / "watch.json").read_text())["windows"][-1]
    decision = json.loads((reports / "retraining.json").read_text())["verdict"]
    # A run of the schedule asks by an event; these are by hand, and so is what they come to.
    wanted = way.name == "always" or (way.name == "policy" and decision["state"] == "retrain")
    trained = wanted and not last
    found = Month(
        month=f"{month:%Y-%m}",
        model=window["model"],
        auc=window["signals"]["auc"],
        state=window["state"],
        decision=decision["sentence"],
        trained=trained,
        promoted=train(way, end) if trained else None,
    )
    print(f"{way.name}: {found}", flush=True)
    return found


def train(way: Way, end: date) -> str | None:
    """Train on what was known by a day, and let it go live if it passes the gates."""
    run_id = to_its_end(way, TRAIN, {"window.end": str(end)})
    experiment = way.rest.result(TRAIN, run_id, "close_run")
    return promoted(way, to_its_end(way, PROMOTE, {"experiment": experiment}))


def promoted(way: Way, run_id: str) -> str | None:
    """The version that a run of the promotion let go live, if it did."""
    found = way.rest.result(PROMOTE, run_id, "promote")
    return str(found) if found else None


def to_its_end(way: Way, dag: str, values: dict[str, object]) -> str:
    """Trigger a run, and wait for its end."""
    return ended(way, dag, way.rest.trigger(dag, values))


def ended(way: Way, dag: str, run_id: str) -> str:
    """Wait for the end of a run, which must be a success."""
    print(f"\n{way.name}: {dag} {run_id}", flush=True)
    if follow(way.rest, dag, run_id) != "success":
        raise SystemExit(f"{run_id} of {dag} failed: see its log, in {way.site.home}.")
    return run_id


if __name__ == "__main__":
    main()
