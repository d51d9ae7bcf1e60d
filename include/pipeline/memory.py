"""What good runs made, to be found by runs that come to the very same.

One file for each stage and each state of its inputs, so that runs that end at the same time, in
whatever order, write side by side. A run writes down only what its own stages made.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from include.pipeline.child import files
from include.pipeline.child.orders import Entry
from include.pipeline.names import file_name

MOST = 20  # states of a stage that are kept


@dataclass(frozen=True)
class Memory:
    """What a run made of a stage."""

    entry: Entry  # as dvc.lock has it
    commit: str  # the run's experiment
    age: tuple[float, float]  # when the run's commit was made, and when the run was opened
    values: dict[str, Any] = field(default_factory=dict)  # of the whole run


def remember(folder: Path, stage: str, made: Memory) -> None:
    """Write down what a run made of a stage, and forget the oldest that is too much."""
    place = folder / file_name(stage)
    # "lock" is how files of older versions have it, and the server of a model reads it.
    held = {"lock": made.entry, "commit": made.commit, "age": made.age, "values": made.values}
    files.write(place / f"{key_of(made.entry)}.json", json.dumps(held, default=str))
    prune(folder, place.name)


def prune(folder: Path, names: str = "*") -> None:
    """Forget the oldest that is too much of each stage."""
    for place in folder.glob(names):
        for path, _ in entries(place)[MOST:]:
            path.unlink(missing_ok=True)


def recall(folder: Path, stage: str) -> list[Memory]:
    """What runs made of a stage, that of the newest commit first."""
    return [made for _, made in entries(folder / file_name(stage))]


def entries(place: Path) -> list[tuple[Path, Memory]]:
    """The files of a stage, the newest first; what cannot be read is passed over."""
    found = []
    for path in place.glob("*.json"):
        try:
            held = json.loads(path.read_text())
            values = held.get("values", {})  # an older version wrote none
            found.append((path, Memory(held["lock"], held["commit"], tuple(held["age"]), values)))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return sorted(found, key=lambda pair: (pair[1].age, pair[0].name), reverse=True)


def key_of(entry: Entry) -> str:
    """A hash of all that a stage was made from."""
    made_from = {name: entry.get(name) for name in ("cmd", "deps", "params")}
    text = json.dumps(made_from, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def beside(folder: Path, stage: str) -> Path:
    """Where a workspace holds what earlier runs made of a stage that may have to run."""
    return folder / f"recall-{file_name(stage)}.json"
