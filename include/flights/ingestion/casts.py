"""A column in the type that is declared for it: what that would lose is an error, never a guess.

A whole number stays the same number, a time the same instant, a text the same text. A fraction
becomes the nearest value of its type: to declare Float32 is to ask for seven digits.
"""

import re
from decimal import Decimal, InvalidOperation

import polars as pl

from include.errors import DataError, at_most_ten
from include.flights.ingestion import times

# A number or a time that is not known, as R and most others write it into a file without types.
MISSING = ("", "NA")
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*", re.ASCII)
MOST_DIGITS = 38  # of pl.Int128
# From here on Float32 skips whole numbers (IEEE 754).
SKIPS_NUMBERS = 2.0**24
# Relative error of a fraction in Float32, doubled for one that is rounded on the way there too.
NEAREST = 2.0**-23


def convert(column: pl.Series, kind: pl.DataType, origin: str) -> pl.Series:
    """The column in the wanted type.

    Raises:
        DataError: the column holds things of another kind, or a value would be another one.
    """
    if column.dtype == kind:
        return column
    if column.dtype in (pl.Categorical, pl.Enum):
        column = column.cast(pl.String)
    if column.dtype == pl.String and kind != pl.String:
        column = column.set(column.is_in(MISSING), None)
    if column.null_count() == len(column):
        return pl.Series(column.name, [None] * len(column), kind)
    taken = take(column, kind)
    if taken is None:
        what = f"{origin} has {column.dtype} in {column.name!r}, where {kind} is needed."
        raise DataError(what, "convert this column in the source.")
    lost = taken.is_null() & column.is_not_null()
    if lost.any():
        rows = lost.arg_true().to_list()
        values = dict.fromkeys(shown(column.gather(rows[:20])))
        raise DataError(
            f"{origin} has {len(rows):,} values in {column.name!r} that are not {kind}: "
            f"{at_most_ten(values)} (first in row {rows[0] + 1:,} of {len(column):,}).",
            "correct these values in the source, or leave them empty.",
        )
    return taken


def take(column: pl.Series, kind: pl.DataType) -> pl.Series | None:
    """The column in another type, empty where a value would be lost; None if there is no way."""
    if column.dtype == pl.Binary:
        column = pl.Series(column.name, [decoded(value) for value in column], pl.String)
    if column.dtype == pl.String:
        return from_text(column, kind)
    if is_number(column.dtype) and is_number(kind):
        return from_number(column, kind)
    if column.dtype.is_numeric() and kind == pl.String:
        # A whole number alone has one way to be written: 9 may also stand as 9.0 in a float.
        return from_number(column, pl.Int128()).cast(pl.String)
    if isinstance(column.dtype, (pl.Date, pl.Datetime)):
        return times.from_time(column, kind)
    return None


def from_text(text: pl.Series, kind: pl.DataType) -> pl.Series | None:
    """What a text says: a whole number, a number, a time, or itself."""
    if kind == pl.String:
        return text
    if kind.is_integer():
        return whole_numbers(text, kind)
    if kind.is_float():
        return floats(text, kind)
    return times.from_text(text, kind)


def whole_numbers(text: pl.Series, kind: pl.DataType) -> pl.Series:
    """Text as integers: 517, but also 517.0 and 5.17e2, which say the same."""
    numbers = text.cast(kind, strict=False)
    others = text.filter(numbers.is_null()).drop_nulls().unique()
    if others.is_empty():
        return numbers
    said = pl.Series([whole(value) for value in others], dtype=pl.Int128).cast(kind, strict=False)
    return numbers.fill_null(text.replace_strict(others, said, default=None))


def whole(text: str) -> int | None:
    """The integer that a text says, if it says one."""
    if not NUMBER.fullmatch(text):
        return None
    number = Decimal(text.strip())
    small = number.adjusted() < MOST_DIGITS
    return int(number) if small and number == number.to_integral_value() else None


def floats(text: pl.Series, kind: pl.DataType) -> pl.Series:
    """Text as numbers with fractions; empty where a whole number or all digits would be lost."""
    numbers = text.cast(kind, strict=False)
    if numbers.null_count() > text.null_count():
        numbers = numbers.fill_null(text.str.strip_chars().cast(kind, strict=False))
    doubtful = (numbers.abs() >= SKIPS_NUMBERS) | (numbers == 0)
    texts = text.filter(doubtful).unique()
    read = texts.str.strip_chars().cast(kind, strict=False)
    lost = [held for held, number in zip(texts, read, strict=True) if not says(held, number)]
    return numbers.set(text.is_in(lost), None) if lost else numbers


def says(text: str, number: float) -> bool:
    """Whether a text says this number: exactly, if it says a whole one."""
    try:
        said = Decimal(text.strip())
    except InvalidOperation:
        return False
    if said.is_nan():
        return True
    if said.is_infinite() or said == said.to_integral_value():
        return said == Decimal(number)
    return number != 0


def from_number(column: pl.Series, kind: pl.DataType) -> pl.Series:
    """Numbers as other numbers; empty where they would be other ones."""
    casted = column.cast(kind, strict=False)
    same = casted.cast(column.dtype, strict=False) == column
    if kind.is_float() and (column.dtype.is_float() or column.dtype.is_decimal()):
        same |= is_rounded(column, casted)
    return casted.set(~same.fill_null(False), None)


def is_rounded(column: pl.Series, casted: pl.Series) -> pl.Series:
    """Whether a value is a fraction, and became the nearest of its new type."""
    exact, now = column.cast(pl.Float64), casted.cast(pl.Float64)
    near = (now - exact).abs() <= exact.abs() * NEAREST
    return near & (column != column.floor())


def is_number(kind: pl.DataType) -> bool:
    """Whether a type holds numbers; yes and no count as 1 and 0."""
    return kind.is_numeric() or kind == pl.Boolean


def decoded(value: bytes | None) -> str | None:
    """Bytes as the text that they are in UTF-8, if they are one."""
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def shown(values: pl.Series) -> list[str]:
    """Values as they stand in a message: texts in quotes, times to their last digit."""
    if isinstance(values.dtype, (pl.Date, pl.Datetime)):
        return times.shown(values)
    return [str(value) if isinstance(value, Decimal) else repr(value) for value in values]
