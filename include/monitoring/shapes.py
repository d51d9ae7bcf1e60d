"""How the values of a column are spread, before and now, in few numbers that can be drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from include.monitoring.comparison import finite
from include.monitoring.drift_limits import rounded
from include.monitoring.plain_columns import Kind, plain

BINS = 24
TAIL = 0.005  # what lies further out than this share is put into the first and the last bin
BARS = 8  # most categories that are drawn; the others are one bar


@dataclass(frozen=True)
class Shape:
    """The shares of a column's values, before and now.

    Args:
        name: the column, and the unit in which it is shown if that is another.
        places: edges of the bins of a number, one more than there are shares; or categories.
        middles: the median of a number, before and now.
    """

    kind: Kind
    name: str
    places: Sequence[float] | Sequence[str]
    before: Sequence[float]
    now: Sequence[float]
    middles: tuple[float, float] | None = None


def shape_of(kind: Kind, reference: pl.Series, current: pl.Series) -> Shape | None:
    """The shape of a column of two samples; None where one of them has no value."""
    held = finite(reference), finite(current)
    if any(values.is_empty() for values in held):
        return None
    before, now = plain(kind, *held)
    return of_numbers(before, now) if kind == "number" else of_categories(before, now)


def of_numbers(before: pl.Series, now: pl.Series) -> Shape:
    """Shares of bins of the same width; what lies far out is in the outermost."""
    arrays = [values.cast(pl.Float64).to_numpy() for values in (before, now)]
    ends = [np.quantile(values, [TAIL, 1 - TAIL]) for values in arrays]
    low, high = min(ends[0][0], ends[1][0]), max(ends[0][1], ends[1][1])
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BINS + 1)
    counts = [np.histogram(np.clip(values, low, high), edges)[0] for values in arrays]
    old, new = ([rounded(part / len(v)) for part in c] for c, v in zip(counts, arrays, strict=True))
    middles = rounded(np.median(arrays[0])), rounded(np.median(arrays[1]))
    return Shape("number", before.name, [rounded(edge) for edge in edges], old, new, middles)


def of_categories(before: pl.Series, now: pl.Series) -> Shape:
    """Shares of the categories that moved most, and of all others together."""
    tables = [
        values.cast(pl.String).value_counts(name="rows", normalize=True) for values in (before, now)
    ]
    old, new = (dict(table.iter_rows()) for table in tables)
    names = sorted({*old, *new}, key=lambda v: (-abs(new.get(v, 0) - old.get(v, 0)), v))[:BARS]
    names.sort(key=lambda value: (-old.get(value, 0), value))
    shares = [[rounded(side.get(value, 0)) for value in names] for side in (old, new)]
    if len({*old, *new}) > len(names):
        names = [*names, f"{len({*old, *new}) - len(names):,} others"]
        for side in shares:
            side.append(rounded(max(0.0, 1 - sum(side))))
    return Shape("category", before.name, names, shares[0], shares[1])
