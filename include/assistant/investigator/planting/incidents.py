"""Incidents as evidence: the reports, runs and logs of a world in which something went wrong."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from include.assistant.investigator.evidence import About, Run
from include.assistant.investigator.planting import history
from include.assistant.investigator.planting.faults import FAULTS, SEEN, Fault, Serving
from include.assistant.investigator.planting.service import measured
from include.assistant.investigator.planting.world import World
from include.errors import DataError
from include.monitoring import watch, watch_report
from include.monitoring.watch import Facts, Sampling
from include.monitoring.watch_limits import WatchLimits
from include.monitoring.watch_verdict import Judged, judge

REPORT = "reports/watch.json"


@dataclass(frozen=True)
class Incident:
    """What is known of a planted incident, and its evidence.

    Args:
        since: start of the first window that the fault befell; empty if none did.
    """

    id: str
    kind: str
    seed: int
    cause: str
    subject: str
    since: str
    about: About
    reports: Mapping[str, Mapping[str, object]]
    logs: Mapping[str, Mapping[str, str]]

    @property
    def truth(self) -> dict[str, object]:
        """What an investigation should find."""
        held = ("id", "kind", "seed", "cause", "subject", "since")
        return {name: getattr(self, name) for name in held} | {"run": self.about.run}


class Watched:
    """A world that is watched, and its facts as they are when nothing is wrong."""

    def __init__(self, seed: int, limits: WatchLimits, sampling: Sampling) -> None:
        self.world, self.limits, self.sampling = World(seed), limits, sampling

    @cached_property
    def tables(self) -> list[pl.DataFrame]:
        """The rows of each window."""
        return [self.world.table(place) for place in range(self.world.windows)]

    @cached_property
    def facts(self) -> list[Facts]:
        """What is measured of each."""
        return [
            self.measure(place, table, self.tables[place - 1] if place else None, Serving())
            for place, table in enumerate(self.tables)
        ]

    def measure(
        self, place: int, now: pl.DataFrame, before: pl.DataFrame | None, serving: Serving
    ) -> Facts:
        """Measure a window as the stage that watches does.

        Raises:
            DataError: the rows are such that nothing can be measured.
        """
        window, then = self.world.window(place), None if before is None else before.lazy()
        names, least = self.world.names, self.limits.hurting.group_rows
        scored = watch.scored(now.lazy(), then, window, names, self.sampling, least)
        service, replies = measured(self.world, place, now, serving)
        return Facts(
            start=window.start,
            end=window.end,
            looks=watch.looks(then, now.lazy(), self.world.kinds, self.sampling),
            scored=scored,
            service=service,
            replies=replies,
        )

    def incident(self, kind: str) -> Incident:
        """Plant a fault of a kind."""
        seed = self.world.seed
        draw = np.random.default_rng([seed, 3, [*FAULTS].index(kind)])
        fault = FAULTS[kind](self.world, draw)
        last = self.world.windows - 1
        first = last if fault.once else last - int(draw.integers(3))
        facts, problem = self.spoilt(fault, first)
        judged = judge(
            facts, self.world.kinds, self.world.weights, self.limits, self.world.plan.word
        )
        told = history.Told(self.world, fault, first, judged, problem, draw)
        runs = told.runs
        return Incident(
            id=f"{kind}-{seed}",
            kind=kind,
            seed=seed,
            cause=fault.cause,
            subject=fault.subject,
            since="" if kind == "nothing" else self.world.window(first).start.isoformat(),
            about=About(run=runs[0].name, runs=tuple(runs)),
            reports=reports(judged, runs),
            logs=told.logs,
        )

    def spoilt(self, fault: Fault, first: int) -> tuple[list[Facts], str]:
        """The facts with a fault from a window on, and the error of the last if it fails."""
        facts = self.facts[:first]
        before = self.tables[first - 1]
        for place in range(first, self.world.windows):
            now = fault.change(self.tables[place])
            now = self.world.rescored(now) if fault.cause in SEEN else now
            try:
                facts = [*facts, self.measure(place, now, before, fault.serving)]
            except DataError as error:
                return facts, f"watch_rows: {error}"
            before = now
        return facts, ""


def reports(judged: Sequence[Judged], runs: Sequence[Run]) -> dict[str, dict[str, object]]:
    """The report of the run in alarm; one that failed has none, so the one before is there."""
    held = watch_report.content(judged, "")
    owner = next(run for run in runs if run.state == "closed")
    return {owner.name: {REPORT: held}}


def drawn(
    seed: int, kinds: Iterable[str], limits: WatchLimits, sampling: Sampling
) -> list[Incident]:
    """One incident of each of some kinds, in the world of a seed."""
    world = Watched(seed, limits, sampling)
    return [world.incident(kind) for kind in kinds]
