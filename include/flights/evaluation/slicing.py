"""The chosen model on parts of the flights: where it is weaker, and for whom."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from include.monitoring import performance
from include.monitoring.performance import Floats, Interval, Period


@dataclass(frozen=True)
class Slice:
    """The chosen model on one group of flights."""

    group: str
    rows: int
    late_share: float
    auc: Interval  # NaN where all ended the same way
    calibration_gap: Interval
    compared: bool  # has min_rows flights


def groups(hour_bands: Sequence[int]) -> dict[str, pl.Expr]:
    """What flights are grouped by, and the name of a flight's group.

    Args:
        hour_bands: local hours that start a band, from 0 on.
    """
    ends = [*hour_bands[1:], 24]
    bands = [f"{a:02}:00-{b - 1:02}:59" for a, b in zip(hour_bands, ends, strict=True)]
    late_first = reversed(list(zip(hour_bands, bands, strict=True)))
    hour = pl.col("sched_dep_hour")
    band = [pl.when(hour >= start).then(pl.lit(name)) for start, name in late_first]
    return {
        "carrier": pl.col("carrier").fill_null("unknown"),
        "origin": pl.col("origin").fill_null("unknown"),
        "month": pl.col("date").dt.strftime("%Y-%m"),
        "hour": pl.coalesce(*band, pl.lit("unknown")),
    }


def slices(
    flights: pl.DataFrame,
    group: pl.Expr,
    judged: Period,
    probability: Floats,
    confidence: float,
    min_rows: int,
) -> list[Slice]:
    """Measure one model on each group of flights, in the order of the groups' names."""
    named = flights.select(group.alias("group"), row=pl.int_range(pl.len()))
    result = []
    for (name,), rows in named.group_by("group", maintain_order=True):
        mask = np.zeros(flights.height, dtype=bool)
        mask[rows["row"].to_numpy()] = True
        part, values = judged.where(mask), probability[mask]
        area = performance.interval(performance.auc(part, values), confidence)
        gap = performance.interval(performance.calibration_gap(part, values), confidence)
        compared = len(values) >= min_rows and not np.isnan(area.value)
        late_share = float(part.outcome.mean())
        result.append(Slice(str(name), len(values), late_share, area, gap, compared))
    return sorted(result, key=lambda one: one.group)


def spread(found: Sequence[Slice]) -> tuple[Slice, Slice] | None:
    """The groups with the highest and the lowest AUC, among those large enough to compare."""
    compared = [one for one in found if one.compared]
    if len(compared) < 2:
        return None
    return max(compared, key=lambda s: s.auc.value), min(compared, key=lambda s: s.auc.value)
