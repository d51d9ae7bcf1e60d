"""What the stages of a run that has not ended took, kept in its workspace: each try adds to it."""

import json
import resource
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from include.pipeline.child import files
from include.pipeline.child.orders import Entry, Usage
from include.pipeline.cost import Cost, together
from include.pipeline.names import file_name
from include.pipeline.workspace import Run, own


def place_of_cost(run: Run, stage: str) -> Path:
    """The file that says what a stage took in this run."""
    return own(run.top) / f"cost-{file_name(stage)}.json"


def read_cost(run: Run, stage: str) -> Cost:
    """What a stage took in this run, as far as it is known here."""
    with suppress(OSError, ValueError, AttributeError):
        return Cost.from_json(json.loads(place_of_cost(run, stage).read_text()))
    return Cost(tries=0)


def charge(
    run: Run, stage: str, wall_s: float, usage: Usage | None, entry: Entry, *, ran: bool
) -> Cost:
    """Add what a try of a stage took to what those before it took; what they took together.

    Args:
        entry: what the lockfile says of the stage now; empty if the try failed.
    """
    before = read_cost(run, stage)
    held = {"wall_s": wall_s, "ran": ran, **sizes(entry), **(asdict(usage) if usage else {})}
    taken = Cost.from_json(held)  # in a container, some of it is the step's own word
    total = replace(together([before, taken]), bytes_in=taken.bytes_in, bytes_out=taken.bytes_out)
    put_cost(run, stage, total.to_json())
    return total


@contextmanager
def charging(name: str) -> Iterator[list[Run]]:
    """Let a run be charged for what this process does in a block: opening it, or closing it.

    What it starts counts when it has ended. The block puts the run into the list.
    """
    began, before, found = time.monotonic(), spent(), list[Run]()
    yield found
    for run in found:
        usage = Usage(spent() - before, 0.0)
        charge(run, name, time.monotonic() - began, usage, {}, ran=False)


def spent() -> float:
    """The seconds of processors that this process took, and those that it has waited for."""
    each = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in each)


def put_cost(run: Run, stage: str, held: Mapping[str, Any]) -> None:
    """Write down what a stage took in this run, here or on another worker."""
    files.write(place_of_cost(run, stage), json.dumps(Cost.from_json(held).to_json()))


def sizes(entry: Entry) -> dict[str, int]:
    """The bytes that a stage read and made, by its lockfile."""
    found = {}
    for name, part in (("bytes_in", "deps"), ("bytes_out", "outs")):
        held = [one.get("size") for one in entry.get(part, []) if isinstance(one, dict)]
        found[name] = sum(size for size in held if isinstance(size, int))
    return found
