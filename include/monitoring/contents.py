"""What is in the columns of a period, counted in every row: gaps, infinities, categories."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from include.errors import DataError, at_most_ten, did_you_mean
from include.monitoring.plain_columns import Kind, as_category

# A category with more values than this is more of a name: they are counted, not told apart.
MOST_VALUES = 10_000
SHOWN = 60  # letters of a value in a sentence


@dataclass(frozen=True)
class Contents:
    """One column of a period."""

    rows: int
    empty: int  # null, or not a number
    infinite: int
    constant: bool  # one value, in all rows that have any
    values: Mapping[str, int] | None  # category to rows; None for numbers and for too many

    @property
    def empty_share(self) -> float:
        """The share of rows without a value that can be compared."""
        return (self.empty + self.infinite) / self.rows


def count(name: str, rows: pl.LazyFrame, kinds: Mapping[str, Kind]) -> dict[str, Contents]:
    """Count what the columns hold, without holding the table.

    Args:
        name: what the period is called.

    Raises:
        DataError: the period has no row, or lacks a column.
    """
    check_columns(name, rows.collect_schema().names(), kinds)
    schema = rows.collect_schema()
    sums = [one for column, kind in kinds.items() for one in counted(column, schema[column], kind)]
    found = rows.select(pl.len().alias("rows"), *sums).collect(engine="streaming").row(0)
    if not found[0]:
        what = f"The {name} period has no row."
        raise DataError(what, "give it a longer period, or one whose rows are there.")
    numbers = iter(found[1:])
    contents = {}
    for column, kind in kinds.items():
        empty, infinite, alike = next(numbers), next(numbers), bool(next(numbers))
        values = values_of(rows, column) if kind == "category" else None
        one = alike if kind == "number" else values is not None and len(values) == 1
        contents[column] = Contents(found[0], empty, infinite, one, values)
    return contents


def check_columns(name: str, held: Iterable[str], wanted: Iterable[str]) -> None:
    """Raise DataError if a period lacks a column."""
    names = list(held)
    missing = [column for column in wanted if column not in names]
    if missing:
        hint = did_you_mean(missing[0], names)
        what = f"The {name} period has no column {at_most_ten(map(repr, missing))}.{hint}"
        raise DataError(what, "compare columns that both periods have.")


def counted(column: str, held: pl.DataType, kind: Kind) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """How many are empty, how many infinite, and whether the numbers are all alike."""
    values = pl.col(column)
    empty, infinite = values.null_count(), pl.lit(0)
    if held.is_float():
        empty, infinite = empty + values.is_nan().sum(), values.is_infinite().sum()
    # Neither the lowest nor the highest is ever "not a number".
    alike = values.min() == values.max() if kind == "number" else pl.lit(value=False)
    return tuple(  # type: ignore[return-value]  # three of three
        part.alias(f"{column}/{number}") for number, part in enumerate((empty, infinite, alike))
    )


def values_of(rows: pl.LazyFrame, column: str) -> dict[str, int] | None:
    """Each value of a category as text, with its rows, the most frequent first."""
    found = (
        rows.select(pl.col(column).alias("value"))
        .drop_nulls()
        .group_by("value")
        .agg(pl.len().alias("rows"))
        .head(MOST_VALUES + 1)
        .collect(engine="streaming")
    )
    if len(found) > MOST_VALUES:
        return None
    texts = as_category(found["value"].alias(column)).cast(pl.String)
    pairs = zip(texts, found["rows"], strict=True)
    return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def new(before: Contents, now: Contents) -> dict[str, int]:
    """Categories of now that were not there before, with their rows."""
    if before.values is None or now.values is None:
        return {}
    return {value: rows for value, rows in now.values.items() if value not in before.values}


def new_share(before: Contents, now: Contents) -> float:
    """The share of the rows of now that have such a category."""
    return sum(new(before, now).values()) / now.rows


def facts(
    before: Mapping[str, Contents],
    now: Mapping[str, Contents],
    learned: Mapping[str, Contents] | None = None,
) -> list[str]:
    """What else a reader has to know of the columns, a sentence each.

    Args:
        learned: whose values are known, if more than those before.
    """
    known = learned or before
    said = [fact for name in now for fact in facts_of(name, before[name], now[name], known[name])]
    both = [name for name in now if full(before[name]) == full(now[name]) == 0]
    if both:
        said.append(f"Without a value in either period: {at_most_ten(both)}.")
    still = [name for name in now if before[name].constant and now[name].constant]
    if still:
        said.append(f"With one value in each period: {at_most_ten(still)}.")
    return said


def facts_of(name: str, before: Contents, now: Contents, learned: Contents) -> list[str]:
    """What is new in one column."""
    said = []
    if full(before) and not full(now):
        said.append(f"{name} has no value any more; {1 - before.empty_share:.1%} had one before.")
    if full(now) and not full(before):
        said.append(f"{name} had no value before; {1 - now.empty_share:.1%} have one now.")
    if now.infinite or before.infinite:
        counts = f"{now.infinite:,} infinite numbers now and {before.infinite:,} before"
        said.append(f"{name} has {counts}; they count as empty.")
    if now.constant and not before.constant and full(before):
        said.append(f"{name} has a single value now.")
    if arrived := new(learned, now):
        share = f"{part(new_share(learned, now))} of the rows"
        said.append(f"{name} has values that are new, in {share}: {quoted(arrived)}.")
    if gone := new(now, before):
        share = f"{part(new_share(now, before))} of the rows before"
        said.append(f"{name} has lost values, of {share}: {quoted(gone)}.")
    if now.values is None and before.values is not None:
        said.append(f"{name} has more than {MOST_VALUES:,} values now: new ones are not named.")
    return said


def full(held: Contents) -> int:
    """The number of rows with a value that can be compared."""
    return held.rows - held.empty - held.infinite


def part(share: float) -> str:
    """A share that is not nothing, in words."""
    return f"{share:.1%}" if share >= 0.001 else "less than 0.1%"


def quoted(values: Iterable[str]) -> str:
    """Values as they can stand in a sentence."""
    return at_most_ten(value if len(value) <= SHOWN else f"{value[:SHOWN]}..." for value in values)
