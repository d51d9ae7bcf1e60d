"""The facts of one window: what its rows look like, how the model did on them, and the service.

Facts are numbers without an opinion: watch_checks.py holds them against limits. Tests of drift take
a seeded sample; whatever is counted is counted on all rows, in parts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from include.monitoring import agreement, comparison, estimated, group_gaps
from include.monitoring.drift_limits import rounded
from include.monitoring.estimated import Performance
from include.monitoring.group_gaps import Group
from include.monitoring.plain_columns import Kind
from include.monitoring.service import Replies, Service
from include.monitoring.windows import Names, Window, checked, drawn, require

MOST_VALUES = 1000  # of a category that are kept, the most frequent ones
MOST_GROUPS = 30  # that are kept, those with the largest gaps


@dataclass(frozen=True)
class Sampling:
    """How many rows a test of drift takes, and which."""

    rows: int
    seed: int


@dataclass(frozen=True)
class Looks:
    """What the columns of a window look like.

    Args:
        statistics: column to how far it moved since the window before: PSI of numbers,
            Jensen-Shannon distance of categories; none if there is no window before, or no value.
        empty: column to the share of rows without a value.
        values: category to its values, each with its share of the rows.
        explained: how much of a number a category explains.
    """

    statistics: dict[str, float | None]
    empty: dict[str, float]
    values: dict[str, dict[str, float]]
    explained: dict[str, float]


@dataclass(frozen=True)
class Scored:
    """What a model said of the rows of a window, and what became of them.

    Args:
        prediction_psi: how far the scores moved since the window before; None without one.
        groups: the gaps of groups, the largest first.
        unknown_share: rows with a value that the model does not know; None if nobody said which.
        strange_labels: outcomes that came for rows that nobody scored.
    """

    model: str
    rows: int
    performance: Performance
    prediction_psi: float | None
    groups: list[Group]
    unknown_share: float | None
    strange_labels: int


class Facts(BaseModel):
    """All that was measured of one window; None where it was not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: date
    end: date
    looks: Looks
    scored: Scored | None = None
    service: Service | None = None
    replies: Replies | None = None


def looks(
    before: pl.LazyFrame | None, now: pl.LazyFrame, kinds: Mapping[str, Kind], sampling: Sampling
) -> Looks:
    """See what the columns of a window look like, beside those of the window before.

    Raises:
        DataError: a column is not there.
    """
    for table in (now,) if before is None else (before, now):
        require(table, kinds, "The rows of a window")
    rows = count(now)
    sample = drawn(now.select(list(kinds)), rows, sampling.rows, sampling.seed)
    held = now.select(empty(name, now.collect_schema()[name]).alias(name) for name in kinds)
    shares = held.collect(engine="streaming").row(0, named=True)
    return Looks(
        statistics={} if before is None else moved(before, sample, kinds, sampling),
        empty={name: rounded(share or 0.0) for name, share in shares.items()},
        values={
            name: values_of(now, name, rows) for name, kind in kinds.items() if kind == "category"
        },
        explained=agreement.explained(sample, kinds),
    )


def moved(
    before: pl.LazyFrame, sample: pl.DataFrame, kinds: Mapping[str, Kind], sampling: Sampling
) -> dict[str, float | None]:
    """How far each column moved since the window before."""
    reference = drawn(before.select(list(kinds)), count(before), sampling.rows, sampling.seed)
    found = {
        name: comparison.statistic(kind, reference[name], sample[name])
        for name, kind in kinds.items()
    }
    return {name: None if value is None else rounded(value) for name, value in found.items()}


def scored(
    table: pl.LazyFrame,
    before: pl.LazyFrame | None,
    window: Window,
    names: Names,
    sampling: Sampling,
    least: int,
    strange_labels: int = 0,
) -> Scored:
    """See what a model said of the rows of a window, and how it did where outcomes are known.

    Args:
        table: one row per scored row, with the columns of `names`.
        before: the same of the window before, if it was scored.
        least: labelled rows below which a group is left out.

    Raises:
        DataError: rows or scores are not what they must be.
    """
    rows, model = checked(table, window, names)
    score, outcome = names.score, names.outcome
    gaps = group_gaps.gaps(table, names.groups, score, outcome, least)
    return Scored(
        model=model,
        rows=rows,
        performance=estimated.performance(table, score, outcome),
        prediction_psi=None if before is None else score_psi(before, table, rows, score, sampling),
        groups=gaps[:MOST_GROUPS],
        unknown_share=unknown_share(table, names.known),
        strange_labels=strange_labels,
    )


def score_psi(
    before: pl.LazyFrame, table: pl.LazyFrame, rows: int, score: str, sampling: Sampling
) -> float | None:
    """How far the scores moved since the window before."""
    most, seed = sampling.rows, sampling.seed
    reference = drawn(before.select(score), count(before), most, seed)
    found = comparison.statistic(
        "number", reference[score], drawn(table.select(score), rows, most, seed)[score]
    )
    return None if found is None else rounded(found)


def unknown_share(table: pl.LazyFrame, known: Mapping[str, frozenset[str]] | None) -> float | None:
    """The share of rows with a value that the model does not know."""
    if not known:
        return None
    strange = [~pl.col(name).is_in(sorted(held)) for name, held in sorted(known.items())]
    found = table.select(pl.any_horizontal(strange).fill_null(False).mean())
    return rounded(found.collect(engine="streaming").item() or 0.0)


def values_of(table: pl.LazyFrame, name: str, rows: int) -> dict[str, float]:
    """The most frequent values of a category, each with its share of the rows."""
    counts = table.select(pl.col(name).cast(pl.String)).drop_nulls().group_by(name).len("rows")
    held = counts.sort("rows", name, descending=[True, False]).head(MOST_VALUES)
    found: list[tuple[Any, int]] = list(held.collect(engine="streaming").iter_rows())
    return {str(value): rounded(number / rows) for value, number in found}


def empty(name: str, dtype: pl.DataType) -> pl.Expr:
    """The share of values that are null or not a finite number."""
    column = pl.col(name)
    held = column.is_finite() if dtype.is_float() else column.is_not_null()
    return 1 - held.fill_null(False).mean()


def count(table: pl.LazyFrame) -> int:
    """The rows of a table."""
    return int(table.select(pl.len()).collect(engine="streaming").item())
