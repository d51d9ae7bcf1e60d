"""`leeway simulate`: when a policy of retraining would have trained, on what was watched."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from include.airflow_site.settings import Site
from include.command.history import prices_of, shown, total_of
from include.command.repository import see_that_repository
from include.command.words import Add
from include.errors import PipelineError, at_most_ten, did_you_mean
from include.pipeline.closing.card import Card, cards_in
from include.pipeline.cost_settings import Costs
from include.pipeline.history import past_runs
from include.pipeline.params_file import DEFAULT
from include.pipeline.workspace import reports_of

EXAMPLES = """
  leeway simulate                          the policy of params.yaml, on all that was watched
  leeway simulate --set retraining.of=4    and another one beside it
  leeway simulate --set retraining.of=4 retraining.windows=3 --set retraining.new_labels=9000
  leeway simulate reports/watch.json       on the windows of this file alone

It replays the reports that runs have kept, and trains nothing. What a training costs is the mean of
those that the history has. Each window counts as it was watched when it was the newest.
"""
REPORT = "reports/watch.json"  # the windows that were watched, by the name that the pages give it
TRAININGS = "retrained.trainings"  # what a run that watched was told of the trainings before it


def add_to(add: Add) -> None:
    """Add the command, and what it may be told."""
    told = add("simulate", "say when a policy of retraining would have trained", EXAMPLES)
    said = f"of windows, instead of each {REPORT} that runs have kept"
    told.add_argument("files", nargs="*", type=Path, metavar="FILE", help=said)
    change: dict[str, Any] = {"nargs": "+", "action": "append", "default": []}
    told.add_argument("--set", **change, metavar="NAME=VALUE", help="another policy beside it")
    told.add_argument("--dag", metavar="DAG", help="that watches: the reports of its runs alone")
    told.add_argument("--report", default=REPORT, metavar="PATH", help="of runs: not watch.json")
    told.add_argument("--cost", type=price, help="of a training, instead of the mean of the past")
    said = "that the first model knew, instead of those of the last training before it"
    told.add_argument("--labels", type=count, help=said)
    told.add_argument("--by", default="auc", metavar="SIGNAL", help="that tells a gain: auc")
    told.set_defaults(carry_out=simulate)


def price(text: str) -> float:
    """What a training can cost."""
    if not 0 <= (found := float(text)) < float("inf"):
        raise ValueError(f"nothing costs {text}")
    return found


def count(text: str) -> int:
    """How many labels a model can know."""
    if (found := int(text)) < 1:
        raise ValueError(f"{found} is not positive")
    return found


def simulate(words: argparse.Namespace) -> int:
    """Print what the policies would have done."""
    policy, params = rules(), words.repo / DEFAULT
    see_that_repository(words.repo)
    asked = {" ".join(changes) or DEFAULT: changes for changes in ([], *words.set)}
    policies = {name: policy.changed(params, changes) for name, changes in asked.items()}
    cards = [] if words.files else kept(words.repo, words.report, words.dag)
    files = words.files or [place(words.repo, card, words.report) for card in cards]
    windows, lost = policy.watched(files, spare=bool(cards))
    prices = prices_of(words.repo)
    told = trainings(words.repo, prices, [card.experiment for card in cards])
    past = policy.trainings(params, next((one for one in reversed(told) if one), []))
    # The model that was live when the first of the reports was made, if there is a record of it.
    live = [one for one in told[0] if one.get("live")] if cards else []
    first = policy.first_of(windows, past, live[-1:])
    cost = first.cost if words.cost is None else words.cost
    first = first.model_copy(update={"cost": cost, "labels": words.labels or first.labels})
    of = many(len(files), "report" if cards else "file")
    of += f" of {shown(cards[0].dag_id)}" if cards else ""
    of += f", of which {len(lost)} cannot be read: {at_most_ten(lost)}" if lost else ""
    print(f"{about(windows, of, cost, prices)}\n")
    print(policy.compared(windows, first, policies, words.by))
    return 0


def rules() -> ModuleType:
    """What knows a policy.

    Raises:
        PipelineError: a library that it counts with is not installed.
    """
    try:
        from include.monitoring import policy
    except ModuleNotFoundError as error:
        what = f"The package {error.name} is not installed, and a policy is replayed with it."
        raise PipelineError(what, "pip install 'leeway-runner[policy]'.") from None
    return policy


def home_of(repo: Path) -> Path:
    """Where the runs of a repository keep their reports: its own Airflow, or the one at hand."""
    if said := os.environ.get("AIRFLOW__LEEWAY__HOME"):
        return Path(said)
    own, at_hand = Site.of(repo).leeway, Path(os.environ.get("AIRFLOW_HOME", "")) / "leeway"
    return own if (own / "reports").exists() or not (at_hand / "reports").exists() else at_hand


def kept(repo: Path, report: str, dag_id: str | None) -> list[Card]:
    """The runs of one DAG that have kept a report of a name, the oldest first.

    Raises:
        PipelineError: there is none, or more than one DAG has such.
    """
    folder = home_of(repo) / "reports"
    cards = (card for of_dag in folder.glob("*") for card in cards_in(of_dag))
    having = [card for card in cards if report in card.reports]
    known = sorted({card.dag_id for card in having})
    found = [card for card in having if dag_id in (None, card.dag_id)]
    if not having:
        what = f"No run has kept a {report} in {folder}, so there is nothing to replay."
        fix = f"run the DAG that watches, name a file, as in `leeway simulate {report}`, or say"
        raise PipelineError(what, f"{fix} by AIRFLOW__LEEWAY__HOME where runs keep reports.")
    if not found:
        hint = did_you_mean(str(dag_id), known)
        what = f"No run of the DAG {dag_id!r} has kept a {report}.{hint}"
        raise PipelineError(what, f"name one of {at_most_ten(known)}.")
    if dag_id is None and len(known) > 1:
        what = f"Runs of {len(known)} DAGs have kept a {report}: {at_most_ten(known)}."
        raise PipelineError(what, f"choose one: `leeway simulate --dag {known[0]}`.")
    return sorted(found, key=lambda card: card.published)


def place(repo: Path, card: Card, report: str) -> Path:
    """Where a run has kept a report."""
    return reports_of(home_of(repo), card.dag_id, card.run_id) / report


def trainings(
    repo: Path, prices: Costs, experiments: Sequence[str]
) -> list[list[dict[str, object]]]:
    """What each run was told of the trainings before it, each with its cost.

    Args:
        experiments: of runs that watched, the oldest first; none for all that there are. One that
            is gone was told nothing.
    """
    runs = {run.name: run for run in reversed(past_runs(repo))}
    costs = {run.name: total_of(run, prices).money for run in runs.values() if run.cost}
    found = []
    for name in experiments or runs:
        told = runs[name].params.get(TRAININGS) if name in runs else None
        held = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
        found.append([{"cost": costs.get(str(one.get("run"))), **known(one)} for one in held])
    return found


def known(held: dict[str, object]) -> dict[str, object]:
    """What is not null."""
    return {name: value for name, value in held.items() if value is not None}


def about(windows: Sequence[Any], of: str, cost: float | None, prices: Costs) -> str:
    """What is replayed, and at which cost of a training."""
    ends = f"{min(one.start for one in windows)} to {max(one.end for one in windows)}"
    what = "is not known" if cost is None else f"is {cost:.3g} {prices.currency}"
    return f"{many(len(windows), 'window')}, {ends}, of {of}. The cost of a training {what}."


def many(number: int, thing: str) -> str:
    """A number of things."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
