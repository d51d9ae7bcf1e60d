"""What each period of a window looked like, and since when a column is not as it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np
import polars as pl

from include.monitoring import comparison
from include.monitoring.drift_limits import Limits, Words, rounded
from include.monitoring.outcomes import Outcomes, measure
from include.monitoring.periods import Part
from include.monitoring.plain_columns import Kind

# A statistic of so many rows is off by some hundredths at most (15 bins / rows).
TREND_ROWS = 2_000


@dataclass(frozen=True)
class Point:
    """One period of a trend; severities are statistics in thresholds, None without a value."""

    name: str
    fitted: bool
    outcomes: Outcomes
    severities: Mapping[str, float | None]
    drift_weighted: float

    def as_json(self) -> dict[str, object]:
        """The numbers of the period."""
        return {
            "name": self.name,
            "fitted": self.fitted,
            **self.outcomes.as_json(),
            "drift_weighted": self.drift_weighted,
        }


def trend(
    months: Sequence[Part],
    reference: pl.DataFrame,
    known: Mapping[str, tuple[Mapping[str, float | None], Outcomes]],
    kinds: Mapping[str, Kind],
    limits: Limits,
    weights: Mapping[str, float],
    words: Words,
) -> list[Point]:
    """Measure every period as the current one is measured, on smaller samples.

    Args:
        reference: what periods are compared with that have none of their own.
        known: name of a period to what was measured before.
    """
    points = []
    for part in months:
        few = draw(reference if part.reference is None else part.reference, TREND_ROWS, 0)
        found, outcomes = known.get(part.name) or (
            severities(few, part.sample, kinds, limits),
            measure(part.name, part.outcomes, words),
        )
        moved = fsum(weights[name] for name, value in found.items() if value and value >= 1)
        points.append(Point(part.name, part.fitted, outcomes, found, rounded(moved)))
    return points


def severities(
    reference: pl.DataFrame, sample: pl.DataFrame, kinds: Mapping[str, Kind], limits: Limits
) -> dict[str, float | None]:
    """Each column's statistic in thresholds."""
    few = draw(sample, TREND_ROWS, 0)
    found: dict[str, float | None] = {}
    for name, kind in kinds.items():
        statistic = comparison.statistic(kind, reference[name], few[name])
        found[name] = None if statistic is None else rounded(statistic / threshold(kind, limits))
    return found


def threshold(kind: Kind, limits: Limits) -> float:
    """The statistic at which a column of this kind has drifted."""
    return limits.number_psi if kind == "number" else limits.category_distance


def since(name: str, points: Sequence[Point]) -> str | None:
    """The first of the periods, up to the last, in all of which the column has drifted.

    Those that the model learned from do not count: what moves with the seasons is never as it is
    in the whole of them.
    """
    first = None
    for point in reversed(points):
        if point.fitted or (point.severities.get(name) or 0.0) < 1:
            break
        first = point.name
    return first


def beyond(name: str, points: Sequence[Point]) -> tuple[int, int]:
    """In how many of the periods that the model learned from the column is as far off."""
    learned = [point for point in points if point.fitted]
    return sum((one.severities.get(name) or 0.0) >= 1 for one in learned), len(learned)


def draw(table: pl.DataFrame, most: int, seed: int) -> pl.DataFrame:
    """At most so many of the rows, at random but always the same, in their order."""
    if len(table) <= most:
        return table
    rows = np.random.default_rng(seed).choice(len(table), most, replace=False, shuffle=False)
    return table[np.sort(rows)]
