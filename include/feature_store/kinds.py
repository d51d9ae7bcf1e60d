"""Types of columns: which can be compared, and what one holds of another. Nothing is rounded."""

import functools
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import polars as pl

TEXT = (pl.String, pl.Categorical, pl.Enum)
INSTANT = (pl.Datetime, pl.Date)
ALONE = (pl.Duration, pl.Time, pl.Boolean, pl.Binary)
LISTS = (pl.List, pl.Array)
UNITS = ("ms", "us", "ns")


def family(kind: pl.DataType) -> str | None:
    """What the values of a type are; those of one family can be compared. None: with nothing."""
    if kind.is_numeric():
        return "number"
    if isinstance(kind, TEXT):
        return "text"
    if isinstance(kind, INSTANT):
        return "instant"
    return type(kind).__name__ if isinstance(kind, ALONE) else None


def comparable(ours: pl.DataType, theirs: pl.DataType) -> bool:
    """Whether a value of one type can equal one of the other."""
    if ours == pl.Null or theirs == pl.Null:
        return True
    return family(ours) is not None and family(ours) == family(theirs)


def exactly(column: pl.Expr, held: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    """A column of another comparable type; null where that type has no equal value.

    9007199254740993 is no float, 1.5 no integer, and a noon no date. A float is the shortest
    decimal that reads as it: 0.1, not 0.1000000000000000055. Times without a zone are UTC.
    """
    if held == wanted:
        return column
    if held == pl.Null or isinstance(held, TEXT):
        return column.cast(wanted, strict=False)
    if isinstance(held, pl.Decimal) and wanted.is_float():
        return column.map_batches(functools.partial(floats, kind=wanted), return_dtype=wanted)
    if held.is_float() and isinstance(wanted, pl.Decimal):
        return column.map_batches(functools.partial(decimals, kind=wanted), return_dtype=wanted)
    zone = wanted.time_zone if isinstance(wanted, pl.Datetime) else None
    if isinstance(held, pl.Datetime) and held.time_zone:
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        held = pl.Datetime(held.time_unit)
    if isinstance(wanted, pl.Datetime):
        wanted = pl.Datetime(wanted.time_unit)
    made = column.cast(wanted, strict=False)
    same = pl.when(made.cast(held, strict=False) == column).then(made)
    return same.dt.replace_time_zone("UTC").dt.convert_time_zone(zone) if zone else same


def floats(values: pl.Series, kind: pl.DataType) -> pl.Series:
    """Decimals as floats. A column of them is rare, so Python's own arithmetic will do."""

    def as_float(value: Decimal) -> float | None:
        return float(value) if Decimal(repr(float(value))) == value else None

    return mapped(values, {value: as_float(value) for value in values.unique().drop_nulls()}, kind)


def decimals(values: pl.Series, kind: pl.Decimal) -> pl.Series:
    """Floats as decimals: polars' own cast rounds, and fails where there are too many digits."""
    limit = Decimal(10) ** (kind.precision - kind.scale)

    def as_decimal(value: float) -> Decimal | None:
        exact = Decimal(repr(value)).normalize()
        places = exact.as_tuple().exponent
        return (
            exact
            if isinstance(places, int) and -places <= kind.scale and abs(exact) < limit
            else None
        )

    made = {value: as_decimal(value) for value in values.unique().drop_nulls()}
    return mapped(values, made, kind)


def mapped(values: pl.Series, made: Mapping[Any, object], kind: pl.DataType) -> pl.Series:
    """Each value's counterpart."""
    return pl.Series(values.name, [made.get(value) for value in values], dtype=kind)


def widest(kinds: Iterable[pl.DataType]) -> pl.DataType | None:
    """A type for the values of all, as Feast knows it; None if there is none."""
    try:
        return functools.reduce(wider, kinds)
    except TypeError:
        return None


def wider(ours: pl.DataType, theirs: pl.DataType) -> pl.DataType:
    """A type for the values of both.

    Raises:
        TypeError: there is none.
    """
    if ours == theirs or theirs == pl.Null:
        return ours
    if ours == pl.Null:
        return theirs
    if isinstance(ours, LISTS) and isinstance(theirs, LISTS):
        return pl.List(wider(*(pl.Schema({"": kind.inner})[""] for kind in (ours, theirs))))
    if isinstance(ours, pl.Struct) and isinstance(theirs, pl.Struct):
        left, right = (pl.Schema(kind.to_schema()) for kind in (ours, theirs))
        names = dict.fromkeys([*left, *right])
        none = pl.Null()
        return pl.Struct({n: wider(left.get(n, none), right.get(n, none)) for n in names})
    if family(ours) is None or family(ours) != family(theirs):
        raise TypeError
    if isinstance(ours, TEXT):
        return pl.String()
    if isinstance(ours, (*INSTANT, pl.Duration)):
        return wider_time(ours, theirs)
    pair = [pl.DataFrame(schema={"": kind}) for kind in (ours, theirs)]
    both = pl.concat(pair, how="vertical_relaxed").schema[""]
    return pl.Decimal(38, 0) if both == pl.Int128 else both  # Arrow knows no integers so wide


def wider_time(ours: pl.DataType, theirs: pl.DataType) -> pl.DataType:
    """A type of the finer unit, in UTC if one of the two has a zone."""
    with_unit = [kind for kind in (ours, theirs) if isinstance(kind, (pl.Datetime, pl.Duration))]
    unit = max((kind.time_unit for kind in with_unit), key=UNITS.index)
    if isinstance(ours, pl.Duration):
        return pl.Duration(unit)
    aware = any(isinstance(kind, pl.Datetime) and kind.time_zone for kind in with_unit)
    return pl.Datetime(unit, "UTC" if aware else None)
