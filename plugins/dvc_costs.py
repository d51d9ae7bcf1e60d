"""What the notes of tasks and runs say of cost: what was measured, and what the cache saved."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import Context
from dvc_notes import put_last

from include.errors import PipelineError

if TYPE_CHECKING:
    from dvc_operator import DvcStage

    from include.pipeline.reproduce import Outcome
    from include.pipeline.workspace import Run


def savings(run: "Run") -> dict[str, str]:
    """What the cache saves by stage, as its note ends: what the stage took when it ran last.

    Where workers share no disk, the experiments of the others are fetched first. It is kept for the
    stages of which the run does not know yet whether they are cached.
    """
    from include.pipeline.child import files
    from include.pipeline.cost_words import in_words
    from include.pipeline.history import last_costs
    from include.pipeline.past.fetching import fetch_experiments

    with suppress(PipelineError):  # what a note says is not worth a failed run
        fetch_experiments(run.repo, run.url)
    last = last_costs(run.repo, run.stages)
    found = {stage: f"; saves {in_words(cost)}" for stage, cost in last.items()}
    files.write(place_of(run), json.dumps(found))
    return found


def place_of(run: "Run") -> Path:
    """The file of what the stages took the last time, as the run began."""
    from include.pipeline.workspace import own

    return own(run.top) / "savings.json"


def told_cost(run: "Run", task: "DvcStage", outcome: "Outcome") -> list[str]:
    """What the note of a stage says of its cost: what it took, or what the cache saved."""
    from include.pipeline.cost_settings import costs_of
    from include.pipeline.cost_words import in_words, priced

    if outcome.status == "ran" and outcome.cost is not None:
        rules, _ = costs_of(run.folder)
        paid = priced(replace(outcome.cost, queue=task.queue), rules)
        return [in_words(paid, rules.currency)]
    if outcome.status == "cached" and (held := kept_savings(run).get(task.stage)):
        return [held.removeprefix("; ")]
    return []


def kept_savings(run: "Run") -> dict[str, str]:
    """What the cache saves by stage, as it was found when the run began; nothing elsewhere."""
    place = place_of(run)
    if not place.exists():  # it is on the disk of another worker
        return {}
    found: dict[str, str] = json.loads(place.read_text())
    return found


def tell_cost(context: Context, repo: Path, name: str) -> str:
    """Add to the note of a run what it took, saved, and has beyond its budget; return it.

    Args:
        name: of its experiment.
    """
    from include.pipeline.history import cost_in_words

    said = cost_in_words(repo, name)
    put_last(context, said)
    return said
