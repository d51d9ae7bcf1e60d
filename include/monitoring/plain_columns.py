"""Columns as Evidently can measure them: numbers with all their digits, categories as text.

Evidently works with pandas and numpy, which know no decimals and no days, make floats of integers
with gaps, and cannot part numbers that differ by a tiny share of their size. How far a column
moved does not depend on where its zero is: it is put where all digits are kept.
"""

from typing import Literal

import numpy as np
import polars as pl

from include.errors import DataError

Kind = Literal["number", "category"]
# Numbers that differ by less than this share of their size are counted from the lowest of them.
NARROW = 2.0**-20
PER_SECOND = {"ms": 1e3, "us": 1e6, "ns": 1e9}
FIX = "change the type of the column, or the kind that it is compared as."


def plain(kind: Kind, reference: pl.Series, current: pl.Series) -> tuple[pl.Series, pl.Series]:
    """A column of two tables, ready to be compared; its name says what it holds by now.

    Raises:
        DataError: the column holds two sorts of things, or none that can be compared.
    """
    both = joined(reference, current)
    values = as_number(both) if kind == "number" else as_category(both)
    return values.head(len(reference)), values.tail(len(current))


def joined(reference: pl.Series, current: pl.Series) -> pl.Series:
    """Both columns as one, in a type that holds the values of both."""
    parts = [
        part.cast(pl.String) if part.dtype in (pl.Categorical, pl.Enum) else part
        for part in (reference, current)
    ]
    try:
        return pl.concat([part.to_frame() for part in parts], how="vertical_relaxed").to_series()
    except pl.exceptions.SchemaError:
        what = f"The column {reference.name!r} holds {reference.dtype} in the reference, and "
        raise DataError(f"{what}{current.dtype} in the current period.", FIX) from None


def as_number(values: pl.Series) -> pl.Series:
    """Numbers as they are if numpy can part them, days in days, and other times in seconds."""
    kind = values.dtype
    if kind.is_numeric() or kind == pl.Boolean:
        return near_zero(values)
    if isinstance(kind, (pl.Date, pl.Datetime)):
        low = lowest(values)
        days = isinstance(kind, pl.Date)
        elapsed = seconds(values - low) / (86_400 if days else 1)
        return elapsed.alias(f"{values.name}, {'days' if days else 'seconds'} from {shown(low)}")
    if isinstance(kind, (pl.Duration, pl.Time)):
        return seconds(values).alias(f"{values.name}, seconds")
    raise DataError(f"The column {values.name!r} holds {kind}, which is no number.", FIX)


def near_zero(values: pl.Series) -> pl.Series:
    """Numbers as they are, or counted from the lowest if they differ by little of their size."""
    kind = values.dtype
    known = values.filter(values.is_finite()) if kind.is_float() else values.drop_nulls()
    floats = known.cast(pl.Float64).to_numpy()
    # Around one value alone, numpy takes a range of 1.
    spread = np.ptp(floats) if known.min() != known.max() else 1.0
    if spread < np.abs(floats).max() * NARROW:
        low = lowest(known)
        return (values - low).cast(pl.Float64).alias(f"{values.name}, from {shown(low)}")
    # numpy cannot part a narrow range of 32-bit numbers into bins, nor booleans at all.
    native = kind.is_integer() and kind not in (pl.Int128, pl.UInt128)
    return values if native else values.cast(pl.Float64)


def lowest(values: pl.Series) -> pl.Series:
    """The lowest value, as a column of one row: subtracted from another, it takes its type."""
    return values.filter(values == values.min()).head(1)


def shown(value: pl.Series) -> str:
    """A column of one row as text."""
    return str(value.cast(pl.String).item())


def seconds(values: pl.Series) -> pl.Series:
    """Durations, or times since midnight, in seconds."""
    unit = values.dtype.time_unit if isinstance(values.dtype, pl.Duration) else "ns"
    return values.to_physical().cast(pl.Float64) / PER_SECOND[unit]


def as_category(values: pl.Series) -> pl.Series:
    """Categories as text, in which no two of them are alike."""
    kind = values.dtype
    if kind.is_nested() or kind in (pl.Binary, pl.Object):
        raise DataError(f"The column {values.name!r} holds {kind}, which is no category.", FIX)
    if kind == pl.Boolean or kind.is_float():
        return values.cast(pl.Float64)
    if isinstance(kind, pl.Duration):
        values = values.to_physical()
    return values.cast(pl.String)
