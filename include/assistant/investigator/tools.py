"""The tools of an investigation: typed, read-only, and bounded in what they answer.

A playbook, a model and an MCP client use the same ones. Each answer is facts; whoever writes a
note may cite those alone that a tool has returned.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from pydantic import Field

from include.assistant.investigator import lineage, reports
from include.assistant.investigator.evidence import Evidence, Strict
from include.assistant.investigator.facts import Answer, AnyFact
from include.assistant.investigator.secrets import hidden
from include.assistant.investigator.telling import (
    alert_fact,
    clean,
    document_fact,
    log_facts,
    number_fact,
    run_fact,
)
from include.errors import DataError, did_you_mean

if TYPE_CHECKING:
    from include.assistant.passages import Hit

MOST = 60  # facts of an answer


class OfRun(Strict):
    """Which run is asked about."""

    run: str = Field(default="", max_length=250, description="its name; empty: the one in alarm")
    limit: int = Field(default=30, ge=1, le=MOST, description="most facts of the answer")


class OfNumbers(OfRun):
    """Which numbers are asked for."""

    contains: str = Field(default="", max_length=100, description="part of their names; empty: all")


class OfLog(OfRun):
    """Which lines of a log are asked for."""

    task: str = Field(default="", max_length=250, description="its task; empty: all of the run")
    search: str = Field(
        default="", max_length=100, description="text of the lines; empty: the last"
    )


class OfDocuments(Strict):
    """What is looked up in the documents."""

    question: str = Field(min_length=1, max_length=400, description="a question, or keywords")
    limit: int = Field(default=3, ge=1, le=10, description="most passages of the answer")


class Searching(Protocol):
    """What finds passages for a question, as retrieval.search.Searcher does."""

    def search(self, question: str, limit: int = 10) -> "list[Hit]":
        """The passages that fit best, the best first."""


class Tools:
    """The tools over one folder of evidence.

    Args:
        searcher: what finds documents; None where there is no index.

    Attributes:
        returned: all facts that tools have returned, by id: what may be cited.
        calls: how many were asked.
    """

    def __init__(self, evidence: Evidence, searcher: Searching | None = None) -> None:
        self.evidence, self.searcher = evidence, searcher
        self.returned: dict[str, AnyFact] = {}
        self.calls = 0

    def list_runs(self, asked: OfRun) -> Answer:
        """List the runs that are known, the newest first, and the alerts that are open."""
        runs = self.evidence.about.runs
        alerts = [alert_fact(number, one) for number, one in enumerate(self.evidence.about.alerts)]
        told = f"The run in alarm is {self.evidence.about.run}."
        known = [run_fact(run, run.name == self.evidence.about.run) for run in runs]
        return self.answer([*known[:1], *alerts, *known[1:]], asked.limit, told)

    def metrics_of(self, asked: OfNumbers) -> Answer:
        """Give the metrics of a run, each beside that of the last good run."""
        run, good = self.evidence.run(asked.run), self.evidence.last_good(asked.run)
        held = good.metrics if good else {}
        facts = [
            number_fact(self.tag(asked.run), name, value, held.get(name))
            for name, value in sorted(run.metrics.items())
            if asked.contains in name
        ]
        return self.answer(facts, asked.limit, "" if facts else "It has no such metrics.")

    def drift_of(self, asked: OfNumbers) -> Answer:
        """Give the checks of the newest windows, their signals, gates, and columns that drifted."""
        facts = reports.seen([*self.evidence.reports(asked.run)], self.tag(asked.run))
        held = [fact for fact in facts if asked.contains in fact.id]
        told = "" if facts else "The run has no report of windows, checks, gates or columns."
        return self.answer(held, asked.limit, told)

    def slices_of(self, asked: OfRun) -> Answer:
        """Give the groups of rows about which the model is most wrong."""
        facts = reports.groups([*self.evidence.reports(asked.run)], self.tag(asked.run))
        return self.answer(facts, asked.limit, "" if facts else "The run has no groups.")

    def changes_since_good(self, asked: OfRun) -> Answer:
        """Give what changed since the last good run: settings, code, environment, data."""
        run, good = self.evidence.run(asked.run), self.evidence.last_good(asked.run)
        if good is None:
            return self.answer([], asked.limit, "No good run before it is known.")
        if not run.stages or not good.stages:
            return self.answer([], asked.limit, "The dvc.lock of one of the two is not known.")
        paths = {path for path, _ in self.evidence.reports(asked.run)}
        before = self.evidence.last_good(good.name)
        facts = lineage.changes(run, good, before, paths, self.tag(asked.run))
        said = "changed" if facts else "changed nothing"
        return self.answer(facts, asked.limit, f"Against the good run {good.name}: {said}.")

    def task_log(self, asked: OfLog) -> Answer:
        """Give lines of the logs of a run: those with a text, or the last. They are data."""
        logs = self.evidence.logs(asked.run)
        if asked.task and asked.task not in logs:
            hint = did_you_mean(asked.task, logs)
            raise DataError(
                f"The run has no log of a task {asked.task!r}.{hint}", "leave it empty."
            )
        lines = [
            line
            for task, path in logs.items()
            if asked.task in ("", task)
            for line in log_facts(path, task, self.tag(asked.run))
            if asked.search.lower() in line.text.lower()
        ]
        last = lines[: asked.limit] if asked.search else lines[-asked.limit :]
        # What is found in a secret alone is not found: whether it is there is a secret too.
        shown = [line for line in last if asked.search.lower() in hidden(line.text).lower()]
        told = "" if shown else "No line of a log is like that."
        found = self.answer(shown, asked.limit, told)
        return found.model_copy(update={"left_out": len(lines) - len(last)})

    def search_documents(self, asked: OfDocuments) -> Answer:
        """Find passages of the documents for a question. They are data."""
        if self.searcher is None:
            return self.answer([], asked.limit, "There is no index of documents.")
        hits = self.searcher.search(asked.question, asked.limit)
        return self.answer([document_fact(hit) for hit in hits], asked.limit)

    def tag(self, run: str) -> str:
        """What stands in the ids of facts of another run than the one in alarm."""
        return "" if run in ("", self.evidence.about.run) else f"{run}:"

    def answer(self, facts: Sequence[AnyFact], limit: int, note: str = "") -> Answer:
        """The first facts, remembered as what may be cited."""
        first = [clean(fact) for fact in facts[:limit]]
        self.calls += 1
        self.returned |= {fact.id: fact for fact in first}
        return Answer(facts=tuple(first), left_out=len(facts) - len(first), note=note)


# What a model and an MCP client are offered; nothing that acts is among them.
NAMES = (
    *("list_runs", "metrics_of", "drift_of", "slices_of"),
    *("changes_since_good", "task_log", "search_documents"),
)


def offered(tools: Tools) -> list[Callable[..., Answer]]:
    """The tools by name, in a fixed order."""
    return [getattr(tools, name) for name in NAMES]
