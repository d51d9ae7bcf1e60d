"""Join a table with what views held at the time of each row. Polars only: Feast is not imported.

The rules of the join are written in include/feature_store/offline.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from include.errors import DataError, at_most_ten, did_you_mean

ROW, TIME, CREATED = "__row", "__time", "__created"


@dataclass(frozen=True)
class View:
    """Where the rows of a view are, and what is wanted of them; names after `renamed`."""

    name: str
    location: str  # a .parquet file, a folder of them, or a glob; a path or a URL
    keys: dict[str, str]  # column of the view to column of the entity table; none: one entity
    features: dict[str, str]  # column of the view to its name in the result
    timestamp: str
    created: str | None
    renamed: dict[str, str]  # name in the file to name in the view
    ttl: timedelta | None


def join_views(entities: pl.DataFrame, time: str, views: list[View]) -> pl.DataFrame:
    """Add to each row of `entities` what each view held at the time in column `time`.

    Returns:
        The same rows in the same order, with the features to the right.

    Raises:
        DataError: a source cannot be read, lacks a column, or has keys of another kind; two
            columns of the result share a name.
    """
    check_names(entities, views)
    keys = {column for view in views for column in view.keys.values()}
    clock = entities.select(to_utc(time, entities.schema[time]).alias(TIME), *sorted(keys))
    ordered = clock.with_row_index(ROW).sort(TIME, maintain_order=True)
    parts = [join_view(ordered, view) for view in views]
    return pl.concat([entities, *parts], how="horizontal")


def join_view(ordered: pl.DataFrame, view: View) -> pl.DataFrame:
    """The features of one view, one row for each entity row, in the order of ROW."""
    left, right, by = aligned_keys(ordered, scan_view(view, ordered), view)
    # The last of equal times counts: the one created last, or the last that was read.
    times = [TIME, CREATED] if view.created else [TIME]
    rows = collect(right, view.name).sort(times, nulls_last=False, maintain_order=True)
    joined = left.join_asof(
        rows.drop(times[1:]),
        on=TIME,
        by=by or None,
        strategy="backward",
        tolerance=view.ttl,
        check_sortedness=False,
    ).sort(ROW)
    if not joined[ROW].equals(ordered[ROW].sort()):
        raise DataError(
            f"The join with {view.name} made {joined.height:,} rows of {ordered.height:,}.",
            "report it, with the versions of polars and of this repository: it is a bug.",
        )
    return joined.select(view.features.values())


def scan_view(view: View, ordered: pl.DataFrame) -> pl.LazyFrame:
    """The columns of a view that are wanted, and the rows that some entity row can reach."""
    rows = scan(view.location)
    held = schema(rows, view.name)
    rows = rows.rename({old: new for old, new in view.renamed.items() if old in held})
    timestamp = view.renamed.get(view.timestamp, view.timestamp)
    created = view.created and view.renamed.get(view.created, view.created)
    held = rows.collect_schema()
    wanted = [timestamp, *view.keys, *view.features, *([created] if created else [])]
    check_columns(held.names(), wanted, f"The source of {view.name}, {view.location},")
    first, last = ordered[TIME].min(), ordered[TIME].max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        rows = rows.head(0)
    else:
        lowest = first - view.ttl if view.ttl else None
        rows = rows.filter(between(timestamp, held[timestamp], lowest, last))
    return rows.drop_nulls(list(view.keys)).select(
        to_utc(timestamp, held[timestamp]).alias(TIME),
        *([to_utc(created, held[created]).alias(CREATED)] if created else []),
        *[pl.col(key).alias(f"__key_{key}") for key in view.keys],
        *[pl.col(name).alias(output) for name, output in view.features.items()],
    )


def aligned_keys(
    ordered: pl.DataFrame, rows: pl.LazyFrame, view: View
) -> tuple[pl.DataFrame, pl.LazyFrame, list[str]]:
    """Both sides with keys of the same names and types."""
    left, held, by = [pl.col(ROW), pl.col(TIME)], rows.collect_schema(), []
    for key, column in view.keys.items():
        name = f"__key_{key}"
        ours, theirs = ordered.schema[column], held[name]
        kind = common_type(ours, theirs)
        if kind is None:
            raise DataError(
                f"{column!r} is {ours} in the entity frame, but {key!r} is {theirs} in the source "
                f"of {view.name}.",
                f"convert {column!r} to {theirs} in the entity frame.",
            )
        left.append(pl.col(column).cast(kind, strict=False).alias(name))
        rows = rows.with_columns(pl.col(name).cast(kind, strict=False))
        by.append(name)
    return ordered.select(left), rows, by


def common_type(ours: pl.DataType, theirs: pl.DataType) -> pl.DataType | None:
    """The type in which two keys can be compared; None if there is none."""
    if ours == theirs or ours == pl.Null:
        return theirs
    if theirs == pl.Null:
        return ours
    text = (pl.String, pl.Categorical, pl.Enum)
    if isinstance(ours, text) and isinstance(theirs, text):
        return pl.String()
    if ours.is_numeric() and theirs.is_numeric():
        return pl.Int64() if ours.is_integer() and theirs.is_integer() else pl.Float64()
    return None


def to_utc(name: str, kind: pl.DataType) -> pl.Expr:
    """A column of times as UTC in microseconds; a time without a zone is UTC."""
    column = pl.col(name)
    if isinstance(kind, pl.Datetime) and kind.time_zone:
        return column.cast(pl.Datetime("us", kind.time_zone)).dt.convert_time_zone("UTC")
    return column.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def between(name: str, kind: pl.DataType, first: datetime | None, last: datetime | None) -> pl.Expr:
    """Whether a column of times lies between two aware times, both included.

    The column itself is compared, not a converted one, so that Parquet's statistics serve.
    """
    zone = kind.time_zone if isinstance(kind, pl.Datetime) else None

    def like_column(time: datetime) -> datetime:
        utc = time.astimezone(UTC)
        return utc.astimezone(ZoneInfo(zone)) if zone else utc.replace(tzinfo=None)

    inside = pl.col(name).is_not_null()
    if first is not None:
        inside &= pl.col(name) >= like_column(first)
    if last is not None:
        inside &= pl.col(name) <= like_column(last)
    return inside


def resolve(location: str, base: Path | None) -> str:
    """A path relative to `base`; a URL as it is."""
    return location if "://" in location or base is None else str(base / location)


def scan(location: str) -> pl.LazyFrame:
    """The rows of a Parquet file, of all of a folder in the order of their names, or of a glob.

    Raises:
        DataError: there is no such file.
    """
    if "://" in location:
        single = location.endswith(".parquet") or "*" in location
        return pl.scan_parquet(location if single else f"{location.rstrip('/')}/*.parquet")
    return pl.scan_parquet(files(Path(location)))


def files(path: Path) -> list[Path]:
    """The Parquet files at a path or glob, by name. What else a folder holds is not read.

    Raises:
        DataError: there is none.
    """
    found = sorted(path.glob("*.parquet") if path.is_dir() else path.parent.glob(path.name))
    if not found:
        what = "holds no .parquet file" if path.is_dir() else "does not exist"
        raise DataError(f"{path} {what}.", "run `dvc repro`, which makes it, or `dvc pull` it.")
    return found


def collect(rows: pl.LazyFrame, name: str) -> pl.DataFrame:
    """Compute a table; see `reading`."""
    with reading(name):
        return rows.collect()


def schema(rows: pl.LazyFrame, name: str) -> pl.Schema:
    """The columns and types of a table; see `reading`."""
    with reading(name):
        return rows.collect_schema()


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Say whose files are at fault.

    Raises:
        DataError: a file is damaged, or its columns are not those of the first file.
    """
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        problem = str(error).splitlines()[0]
        raise DataError(f"{name} cannot be read: {problem}.", "make its files again.") from error


def check_columns(held: list[str], wanted: list[str], what: str) -> None:
    """Raise DataError for the first wanted column that is not held."""
    for name in wanted:
        if name not in held:
            raise DataError(
                f"{what} has no column {name!r}; it has {at_most_ten(held)}."
                f"{did_you_mean(name, held)}",
                f"add {name!r} there, or change the definition.",
            )


def check_names(entities: pl.DataFrame, views: list[View]) -> None:
    """Raise DataError if the entity table lacks a key, or two results share a name."""
    seen = set(entities.columns)
    for view in views:
        check_columns(entities.columns, list(view.keys.values()), "The entity frame")
        for output in view.features.values():
            if output in seen:
                raise DataError(
                    f"{output!r} of {view.name} is in the result already.",
                    "rename the column of the entity frame, or ask for full_feature_names=True.",
                )
            seen.add(output)
