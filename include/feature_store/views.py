"""The rows of a view that a join needs, under names and types that it can join on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from include.errors import DataError
from include.feature_store import footers, kinds, sources, times
from include.feature_store.sources import Part, collect

ROW, TIME, CREATED = "__row", "__time", "__created"
EVENT = "event_timestamp"


@dataclass(frozen=True)
class View:
    """Where the rows of a view are, and what is wanted of them; names after `renamed`."""

    name: str
    location: str  # a Parquet file, a folder of them, or a pattern; a path or a URL
    keys: dict[str, str]  # column of the view to column of the entity table; none: one entity
    features: dict[str, str]  # column of the view to its name in the result
    timestamp: str
    created: str | None
    renamed: dict[str, str]  # name in the file to name in the view
    ttl: timedelta | None
    options: dict[str, str] | None = None  # how to reach a URL
    created_by_then: bool = False  # a row counts only from its creation on

    @property
    def what(self) -> str:
        """How messages call the files."""
        return f"The source of {self.name}, {self.location},"

    def parts(self, first: datetime | None, last: datetime | None) -> list[Part]:
        """The files of the view, without the rows of those that have none between two times.

        Raises:
            DataError: one cannot be read, or lacks the time or a key.
        """
        near = footers.between(self.timestamp, first, last)
        parts = sources.parts(self.location, self.name, self.options, near)
        parts = [part.renamed(self.renamed) for part in parts]
        for part in parts:
            where = f"The source of {self.name}, {part.first},"
            wanted = [self.named(self.timestamp), *self.keys]
            sources.check_columns(part.held.names(), wanted, where)
        return parts

    def named(self, column: str) -> str:
        """The name in the view of a column of the file."""
        return self.renamed.get(column, column)

    def time(self, part: Part) -> pl.Expr:
        """The times of the rows of some files, in UTC."""
        return times.to_utc(part.rows, self.named(self.timestamp), self.what)

    def created_time(self, part: Part) -> pl.Expr:
        """When the rows were created; null where the files do not say."""
        name = self.named(self.created or "")
        if name not in part.held:
            return pl.lit(None, dtype=pl.Datetime("us", "UTC"))
        return times.to_utc(part.rows, name, self.what)


def scan_view(view: View, ordered: pl.DataFrame) -> pl.LazyFrame:
    """The columns of a view that are wanted, and the rows that some entity row can reach.

    Args:
        ordered: the keys of the entity rows, and their times as TIME.

    Raises:
        DataError: a source cannot be read, lacks a column, or has keys of another kind.
    """
    reach = reached(view, ordered[TIME])
    parts = view.parts(*(reach or (None, None)))
    created = [view.named(view.created)] if view.created else []
    sources.check_columns(sources.names(parts), created, view.what)
    types = sources.common(parts, list(view.features), view.what)
    keys = {
        key: key_type(view, key, ordered.schema[column], column, parts)
        for key, column in view.keys.items()
    }

    def wanted(part: Part) -> pl.LazyFrame:
        rows = part.rows.head(0)
        if reach:
            rows = part.rows.filter(
                times.between(part.rows, view.named(view.timestamp), *reach, view.what)
            )
        return rows.select(
            view.time(part).alias(TIME),
            *([view.created_time(part).alias(CREATED)] if created else []),
            *(
                kinds.exactly(pl.col(key), part.held[key], kind).alias(f"__key_{key}")
                for key, kind in keys.items()
            ),
            *(
                sources.column(part, name, types[name], view.what).alias(output)
                for name, output in view.features.items()
            ),
        ).drop_nulls([f"__key_{key}" for key in keys])

    return pl.concat([wanted(part) for part in parts])


def reached(view: View, asked: pl.Series) -> tuple[datetime | None, datetime] | None:
    """From when to when the rows are that count at some of these times; None if no row does."""
    first, last = asked.min(), asked.max()
    if isinstance(first, datetime) and isinstance(last, datetime):
        return lowest(first, view.ttl), last
    return None


def lowest(first: datetime, ttl: timedelta | None) -> datetime | None:
    """The earliest time that counts; None if all before count."""
    try:
        return first - ttl if ttl else None
    except OverflowError:  # a TTL that reaches back before the year 1
        return None


def key_type(
    view: View, key: str, ours: pl.DataType, column: str, parts: list[Part]
) -> pl.DataType:
    """The type in which a key is compared: that of the entity table, for text always String.

    Raises:
        DataError: a key of the source is of another kind.
    """
    for theirs in (part.held[key] for part in parts):
        if not kinds.comparable(ours, theirs):
            nested = kinds.family(ours) is None and kinds.family(theirs) is None
            raise DataError(
                f"{column!r} is {ours} in the entity frame, but {key!r} is {theirs} in the source "
                f"of {view.name}.",
                "join on a number, a text, a time, a Boolean or bytes."
                if nested
                else f"convert {column!r} to {theirs} in the entity frame.",
            )
    if ours == pl.Null:
        ours = parts[0].held[key]
    return pl.String() if isinstance(ours, kinds.TEXT) else ours


def observed(views: list[View], first: datetime, last: datetime) -> pl.DataFrame:
    """Each key and time of the views' rows between two times, both included, once and in order.

    A view that lacks a key leaves it null.

    Raises:
        DataError: a source cannot be read, or two views hold unlike things in a key.
    """
    held = [(view, part) for view in views for part in view.parts(first, last)]
    types = shared_types(held)

    def rows(view: View, part: Part) -> pl.LazyFrame:
        ours = {column: key for key, column in view.keys.items()}
        inside = times.between(part.rows, view.named(view.timestamp), first, last, view.what)
        keys = (
            kinds.exactly(pl.col(ours[column]), part.held[ours[column]], kind).alias(column)
            if column in ours
            else pl.lit(None, dtype=kind).alias(column)
            for column, kind in types.items()
        )
        asked = part.rows.filter(inside).select(view.time(part).alias(EVENT), *keys)
        return asked.drop_nulls(list(ours))

    whole = pl.concat([rows(view, part) for view, part in held])
    return collect(whole.unique(), "the entities").sort(EVENT, *types)


def shared_types(held: list[tuple[View, Part]]) -> dict[str, pl.DataType]:
    """For each key, by its name in the result, a type with a place for what all views hold."""
    types: dict[str, pl.DataType] = {}
    for view, part in held:
        for key, column in view.keys.items():
            kind = kinds.widest([types.get(column, pl.Null()), part.held[key]])
            if kind is None:
                raise DataError(
                    f"{column!r} is {types[column]} in one view, but {part.held[key]} in "
                    f"{view.name}.",
                    "give the key one type in all views, or ask for them one by one.",
                )
            types[column] = kind
    return types
