"""Facts: what a tool answers. Each has an id to cite, a sentence, and the numbers behind it.

A claim of a note holds if its numbers are those of the facts that it cites: see claims.py.
"""

from typing import Literal

from pydantic import Field

from include.assistant.investigator.evidence import Strict

Kind = Literal["data", "params", "code", "environment", "command"]


class Fact(Strict):
    """Something that a tool has seen.

    Args:
        id: what it is cited by; the same whenever it is asked for.
        said: the fact in words. What stands in it of logs, documents and data is text, no order.
        report: path of the report of the run that it stands in; empty if it stands in none.
    """

    id: str
    said: str
    report: str = ""


class RunFact(Fact):
    """A run, and what its reports came to.

    Args:
        unread: paths of its reports that could not be read.
    """

    name: str
    dag_id: str
    run_id: str
    state: str
    verdict: str
    good: bool
    now: bool  # whether it is the one in alarm
    opened: str
    unread: tuple[str, ...] = Field(default=(), exclude=True)  # it is said


class NumberFact(Fact):
    """A number of the metrics of a run, beside that of the last good run."""

    name: str
    value: float
    good: float | None


class WindowFact(Fact):
    """The newest window: the model that scored it, and what it came to."""

    start: str
    end: str
    model: str
    state: str
    rows: int


class SignalFact(Fact):
    """A number of the newest window, beside those of the windows before.

    Args:
        usual: the median of the windows before; None if none was measured.
        ratio: the value as a multiple of it; None where that says nothing.
        since: the first window of those, up to now, in which it was a quarter off; else empty.
        measured: whether there is a value.
    """

    name: str
    window: str
    value: float | None
    usual: float | None
    ratio: float | None
    since: str
    measured: bool


class CheckFact(Fact):
    """A number against its limit, in the newest window or before what is new goes live.

    Args:
        sort: moved, hurts, service or data; gate, if it is one that a new version must pass.
        since: the first window of those, up to now, in which it failed; empty if it passed.
        subjects: the columns, values or groups that it names.
        excess: how far beyond its limit, in limits; None without a limit or a value.
    """

    name: str
    window: str
    sort: str
    state: Literal["passed", "failed", "not measured"]
    value: float | None
    limit: float | None
    excess: float | None
    since: str
    subjects: tuple[str, ...]


class ColumnFact(Fact):
    """How far a column moved from the reference of a drift report."""

    name: str
    drifted: bool
    severity: float
    weight: float
    since: str


class SliceFact(Fact):
    """How wrong the model is about a group of rows, more than about all."""

    name: str
    rows: int
    gap: float
    before: float | None  # the gap in the window before


class ChangeFact(Fact):
    """What a stage was made from that is not as in the last good run.

    Args:
        root: whether no stage that made it changed as well.
        upstream: whether the report of the run was made from what the stage made.
        usual: whether it changed from the good run before to the last good one as well: the end of
            the window does, and new rows.
        telling: whether it is upstream, root and not usual: what may be why.
        tightens: the check of the report that it holds to a narrower limit; empty for none.
    """

    stage: str
    kind: Kind
    name: str
    before: str
    after: str
    root: bool
    upstream: bool
    usual: bool
    telling: bool
    tightens: str = ""


class LogFact(Fact):
    """A line of the log of a task.

    Args:
        order: what to do, if the line is an error that ends with it; it stands in the lines below.
    """

    task: str
    line: int
    text: str
    order: str = Field(default="", exclude=True)


class AlertFact(Fact):
    """An incident that was told of."""

    title: str
    since: str


class DocumentFact(Fact):
    """A passage of the documents."""

    title: str
    source: str
    page: str
    url: str


AnyFact = (
    RunFact
    | NumberFact
    | WindowFact
    | SignalFact
    | CheckFact
    | ColumnFact
    | SliceFact
    | ChangeFact
    | LogFact
    | AlertFact
    | DocumentFact
)


def troubled(fact: Fact) -> bool:
    """Whether a fact is of something that was measured to be wrong: what a proposal rests on."""
    if isinstance(fact, CheckFact | RunFact):
        return fact.state == "failed"
    return isinstance(fact, SignalFact) and bool(fact.since)


class Answer(Strict):
    """What a tool answers.

    Args:
        facts: at most as many as were asked for.
        left_out: how many more there are.
        note: what else there is to know, as that nothing was found.
    """

    facts: tuple[AnyFact, ...] = ()
    left_out: int = 0
    note: str = ""
