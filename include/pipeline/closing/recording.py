"""The record of a run as it is closed: its values, the numbers of its metrics, and its cost."""

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

from include.errors import PipelineError, at_most_ten
from include.pipeline.cost import Cost
from include.pipeline.cost_of_run import read_cost
from include.pipeline.cost_settings import Costs, costs_of
from include.pipeline.cost_words import priced
from include.pipeline.graph import CLOSE, OPEN
from include.pipeline.orders import Fetch, Told
from include.pipeline.params_file import flatten
from include.pipeline.past.by_hand import BIGGEST, parsed
from include.pipeline.past.record import MOST, Record, numbers_in
from include.pipeline.reproduce import asked
from include.pipeline.workspace import Run

LONGEST = 1_000  # letters of a value that is kept


def record_of(run: Run, told: Told, log: Callable[[str], object]) -> Record:
    """What is known of a run whose stages have all ended."""
    rules, problem = costs_of(run.folder)
    if problem:
        log(problem)
    found = numbers_of(run, told, log)
    around = {part for part in (OPEN, CLOSE) if read_cost(run, part).tries}  # here, on this disk
    parts = [part for part in (OPEN, *run.stages, CLOSE) if part in (*run.stages, *around)]
    cost = {part: cost_of(run, part, told, found, rules) for part in parts}
    given = told.params | flatten(run.params)  # what it was given may be in a command alone
    params = {name: value for name, value in given.items() if len(str(value)) <= LONGEST}
    if left := given.keys() - params.keys():
        log(f"too long for the record of the run: {at_most_ten(sorted(left))}")
    return Record(run.dag_id, run.id, run.opened, params, found, cost)


def cost_of(run: Run, stage: str, told: Told, found: dict[str, float], rules: Costs) -> Cost:
    """What a stage took, with where it ran, what it predicted, and its price."""
    rows = found.get(told.predictions.get(stage, ""), 0)
    rows = rows if 0 <= rows < 1e15 else 0  # not so of NaN
    held = replace(read_cost(run, stage), queue=told.queues.get(stage, ""), rows=int(rows))
    return priced(held, rules)


def numbers_of(run: Run, told: Told, log: Callable[[str], object]) -> dict[str, float]:
    """The numbers of the metrics of a run; a file that is nowhere to be had is left out."""
    absent = [path for path, place in told.metrics.items() if not os.path.isfile(place)]
    if absent:
        try:
            asked(run, Fetch(absent, bool(run.url)))
        except PipelineError as error:
            log(f"the metrics {at_most_ten(absent)} are not in the record: {error.what}")
    found: dict[str, float] = {}
    for path, place in told.metrics.items():
        content = content_of(run, run.folder / path if path in absent else Path(place))
        found |= dict(islice(numbers_in(parsed(content), f"{path}:"), MOST - len(found)))
    if len(found) == MOST:
        log(f"the record of the run has the first {MOST:,} numbers of its metrics alone")
    return found


def content_of(run: Run, path: Path) -> bytes:
    """What a file of metrics holds; nothing, if a step made a pipe of it, or a link elsewhere."""
    with suppress(OSError, RuntimeError):
        target = path.resolve()
        if {run.folder.resolve(), run.cache_dir.resolve()}.isdisjoint(target.parents):
            return b""
        with os.fdopen(os.open(target, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:
            about = os.fstat(file.fileno())
            return file.read() if stat.S_ISREG(about.st_mode) and about.st_size <= BIGGEST else b""
    return b""
