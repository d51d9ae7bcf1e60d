"""What an experiment says of its run: one line of JSON in the message of its commit.

There it goes wherever the experiment goes (`dvc exp push`, `git fetch`), no `dvc exp apply` puts it
into a working tree, and no hash of DVC's depends on it.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from include.pipeline.cost import Cost

SIGN = '{"leeway-run": '  # how the line begins
MOST = 1_000  # numbers of a run that are kept


@dataclass(frozen=True)
class Record:
    """What is known of a run when it is closed."""

    dag_id: str = ""
    run_id: str = ""
    opened: float = 0.0  # seconds since 1970
    params: dict[str, Any] = field(default_factory=dict)  # that stages were made from, by name
    metrics: dict[str, float] = field(default_factory=dict)  # metrics/drift.json:auc
    cost: dict[str, Cost] = field(default_factory=dict)  # by stage


def as_line(record: Record) -> str:
    """The record as one line."""
    cost = {stage: one.to_json() for stage, one in record.cost.items()}
    held = {**vars(record), "cost": cost}
    return f"{SIGN}{json.dumps(held, default=str)}}}"


def record_in(message: str) -> Record | None:
    """The record in the message of a commit; None if there is none that can be read."""
    line = next((line for line in message.splitlines() if line.startswith(SIGN)), "")
    try:
        held = json.loads(line)["leeway-run"]
        return Record(
            str(held["dag_id"]),
            str(held["run_id"]),
            float(held["opened"]),
            {**held["params"]},
            {str(name): float(value) for name, value in held["metrics"].items()},
            {str(stage): Cost.from_json(one) for stage, one in held["cost"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None


def numbers_in(held: object, prefix: str) -> Iterator[tuple[str, float]]:
    """The numbers of a file of metrics, by names such as metrics/drift.json:auc."""
    if isinstance(held, Mapping):
        for name, value in held.items():
            inner = f"{prefix}{name}" if prefix.endswith(":") else f"{prefix}.{name}"
            yield from numbers_in(value, inner)
    elif isinstance(held, int | float) and not prefix.endswith(":"):
        try:
            yield prefix, float(held)
        except OverflowError:
            yield prefix, math.inf if held > 0 else -math.inf
