"""The rows of a source, whose files may differ in columns and types."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from include.errors import DataError, at_most_ten, did_you_mean
from include.feature_store import kinds
from include.feature_store.files import SUFFIX, files, partition
from include.feature_store.footers import Near, anywhere, footer


@dataclass(frozen=True, eq=False)
class Part:
    """Files of a source that hold the same columns."""

    rows: pl.LazyFrame
    held: pl.Schema
    first: str  # one of the files, to name in a message

    def renamed(self, names: dict[str, str]) -> "Part":
        """The same rows under other names, as far as the columns are there."""
        names = {old: new for old, new in names.items() if old in self.held}
        rows = self.rows.rename(names) if names else self.rows
        return Part(rows, rows.collect_schema(), self.first)


def parts(
    location: str,
    name: str,
    options: dict[str, str] | None = None,
    near: Near = anywhere,
    apart: bool = False,
) -> list[Part]:
    """The rows of a source in the order of its files, cut where the columns change.

    Args:
        location: a path, or a URL whose files must hold the same columns.
        name: of the view or source, to name in a message.
        options: how to reach a URL, as polars' storage_options.
        near: the files that are read; of others only the columns count.
        apart: each file that is read is a part of its own.

    Raises:
        DataError: there is no such file, or one is damaged.
    """
    with reading(name):
        if "://" in location:
            single = location.endswith(SUFFIX) or "*" in location
            whole = location if single else f"{location.rstrip('/')}/**/*{SUFFIX}"
            rows = pl.scan_parquet(whole, storage_options=options, hive_partitioning=False)
            return [Part(rows, rows.collect_schema(), location)]

        def alike(file: Path) -> tuple[pa.Schema, dict[str, object], bool, Path | None]:
            end = footer(file)
            read = near(end)
            return end.schema, partition(file), read, file if apart and read else None

        runs = itertools.groupby(files(Path(location)), key=alike)
        return [part(list(run), schema, values, read) for (schema, values, read, _), run in runs]


def part(run: list[Path], schema: pa.Schema, values: dict[str, object], read: bool = True) -> Part:
    """Files of one schema, with the values that the names of their folders give.

    Args:
        read: False for the columns alone, without a row.
    """
    rows = scan(run if read else run[:1], schema, read)
    given = {name: value for name, value in values.items() if name not in schema.names}
    rows = rows.with_columns(pl.lit(value).alias(name) for name, value in given.items())
    held = rows.collect_schema()
    return Part(rows if read else pl.LazyFrame(schema=held), held, str(run[0]))


def scan(run: list[Path], schema: pa.Schema, read: bool) -> pl.LazyFrame:
    """Files of one schema. Polars knows no zone such as +05:30: such times are read as UTC."""
    offsets = [
        index
        for index, field in enumerate(schema)
        if pa.types.is_timestamp(field.type) and field.type.tz and not is_zone(field.type.tz)
    ]
    if not offsets:
        return pl.scan_parquet(run, glob=False, hive_partitioning=False)
    for index in offsets:
        field = schema.field(index)
        schema = schema.set(index, field.with_type(pa.timestamp(field.type.unit, tz="UTC")))
    tables = [pq.ParquetFile(file).read().cast(schema) for file in run if read]
    table = pa.concat_tables([schema.empty_table(), *tables])
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame.lazy()


def is_zone(name: str) -> bool:
    """Whether the time zone database has this name."""
    try:
        return bool(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError):
        return False


def select(parts: list[Part], wanted: list[str], what: str) -> list[pl.LazyFrame]:
    """Columns of each part. One that lacks a column has nulls there; of unlike types, the widest.

    Raises:
        DataError: no part has the column; the files hold unlike things in it.
    """
    types = common(parts, wanted, what)
    return [
        part.rows.select(column(part, name, kind, what).alias(name) for name, kind in types.items())
        for part in parts
    ]


def names(parts: list[Part]) -> list[str]:
    """The columns that any part has."""
    return list(dict.fromkeys(name for part in parts for name in part.held))


def common(parts: list[Part], wanted: list[str], what: str) -> dict[str, pl.DataType]:
    """For each column, one type that has a place for what any of the files holds.

    Raises:
        DataError: there is none, or no file has the column.
    """
    check_columns(names(parts), wanted, what)
    found = {}
    for name in wanted:
        having = [part for part in parts if name in part.held]
        check_renamed(parts, having, name, what)
        kind = kinds.widest(part.held[name] for part in having)
        if kind is None:
            first = having[0].held[name]
            other = next(p for p in having if kinds.widest([first, p.held[name]]) is None)
            raise DataError(
                f"{what} holds {name!r} as {first} in {having[0].first}, but as "
                f"{other.held[name]} in {other.first}.",
                f"make its files again, with one type of {name!r}.",
            )
        found[name] = kind
    return found


def check_renamed(parts: list[Part], having: list[Part], name: str, what: str) -> None:
    """Raise DataError if a file lacks a column but has one of nearly its name, and only that."""
    beside = {other for part in having for other in part.held}
    for part in parts:
        own = [other for other in part.held if other not in beside]
        if part not in having and did_you_mean(name, own):
            check_columns(own, [name], f"{what} {part.first}")


def column(part: Part, name: str, kind: pl.DataType, what: str) -> pl.Expr:
    """A column of a part as another type, or nulls if the part lacks it.

    Raises:
        DataError: a value has no place in that type.
    """
    held = part.held.get(name, pl.Null())
    if name not in part.held or held == pl.Null:
        return pl.lit(None, dtype=kind)
    if held == kind or kinds.family(kind) is None:
        return pl.col(name).cast(kind) if held != kind else pl.col(name)
    made = kinds.exactly(pl.col(name), held, kind)
    if kinds.family(kind) == "text" or (held.is_integer() and kind.is_integer()):
        return made
    lost = part.rows.filter(made.is_null() & pl.col(name).is_not_null()).select(name).head(1)
    if not (found := collect(lost, what)).is_empty():
        raise DataError(
            f"{what} holds {name!r} as {held} in {part.first}, elsewhere as another type; "
            f"{found.item()} has no exact place in {kind}.",
            f"make its files again, with one type of {name!r}.",
        )
    return made


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Say whose files are at fault.

    Raises:
        DataError: a file is damaged, or holds what polars cannot read.
    """
    faults = (pl.exceptions.PolarsError, pl.exceptions.PanicException, pa.ArrowException, OSError)
    try:
        yield
    except faults as error:
        problem = str(error).splitlines()[0].rstrip(".")
        # Not from the error: polars names a URL with the password in it.
        raise DataError(f"{name} cannot be read: {problem}.", "make its files again.") from None


def collect(rows: pl.LazyFrame, name: str) -> pl.DataFrame:
    """Compute a table; see `reading`."""
    with reading(name):
        return rows.collect()


def check_columns(held: list[str], wanted: list[str], what: str) -> None:
    """Raise DataError for the first wanted column that is not held."""
    for name in wanted:
        if name not in held:
            raise DataError(
                f"{what} has no column {name!r}; it has {at_most_ten(held)}."
                f"{did_you_mean(name, held)}",
                f"add {name!r} there, or change the definition.",
            )
