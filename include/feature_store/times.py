"""Columns of times as UTC in microseconds, whatever a file holds them as."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import polars as pl

from include.errors import DataError

SECOND_US = 1_000_000
# Unix seconds of the years 1 to 9999, which datetime knows. Milliseconds since 1978 lie beyond.
FIRST_S, LAST_S = -62_135_596_800, 253_402_300_799


def to_utc(rows: pl.LazyFrame | pl.DataFrame, name: str, what: str) -> pl.Expr:
    """A column of times in UTC; a time without a zone is UTC, a number is Unix seconds.

    Raises:
        DataError: the column holds no times, or numbers that are no Unix seconds.
    """
    kind, column = rows.lazy().collect_schema()[name], pl.col(name)
    if isinstance(kind, pl.Datetime) and kind.time_zone:
        return column.cast(pl.Datetime("us", kind.time_zone)).dt.convert_time_zone("UTC")
    if isinstance(kind, (pl.Datetime, pl.Date, pl.Null)):
        return column.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if isinstance(kind, (pl.String, pl.Categorical, pl.Enum)):
        return column.cast(pl.String).map_batches(
            lambda texts: read_texts(texts, what), return_dtype=pl.Datetime("us", "UTC")
        )
    if kind.is_integer() or kind.is_float():
        check_seconds(rows, name, what)
        micros = column.cast(pl.Int64) * SECOND_US
        if kind.is_float():
            micros = (column.cast(pl.Float64).fill_nan(None) * SECOND_US).round().cast(pl.Int64)
        return micros.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    raise DataError(
        f"{what} holds {name!r} as {kind}, which is no time.",
        f"make {name!r} a timestamp.",
    )


def check_seconds(rows: pl.LazyFrame | pl.DataFrame, name: str, what: str) -> None:
    """Raise DataError if a number is not a Unix time in seconds: others would be misread."""
    finite = pl.col(name).cast(pl.Float64).fill_nan(None)
    edges = rows.lazy().select(low=finite.min(), high=finite.max()).collect().row(0)
    for edge in edges:
        if edge is not None and not FIRST_S <= edge <= LAST_S:
            raise DataError(
                f"{what} holds {edge:.0f} in {name!r}: numbers are read as Unix seconds, and this "
                f"would be {'after the year 9999' if edge > 0 else 'before the year 1'}.",
                f"make {name!r} a timestamp, or divide it so that it counts seconds.",
            )


def read_texts(texts: pl.Series, what: str) -> pl.Series:
    """Times written as text, with or without offsets.

    Raises:
        DataError: one cannot be read.
    """
    values = texts.to_pandas()
    try:
        try:
            times = pd.to_datetime(values, utc=True, format="ISO8601")
        except ValueError:
            times = pd.to_datetime(values, utc=True)
    except (ValueError, OverflowError) as error:
        problem = str(error).splitlines()[0].rstrip(".")
        raise DataError(
            f"{what} holds texts in {texts.name!r} that cannot be read as times: {problem}.",
            "write times as 2013-01-31T12:00:00Z, or as timestamps.",
        ) from error
    return pl.Series(texts.name, times).cast(pl.Datetime("us", "UTC"))


def between(
    rows: pl.LazyFrame, name: str, first: datetime | None, last: datetime | None, what: str
) -> pl.Expr:
    """Whether a column of times lies between two aware times, both included.

    A column of timestamps itself is compared, not a converted one, so that Parquet's statistics
    serve.
    """
    kind = rows.collect_schema()[name]
    is_datetime = isinstance(kind, pl.Datetime)
    column = pl.col(name) if is_datetime else to_utc(rows, name, what)
    zone = kind.time_zone if isinstance(kind, pl.Datetime) else "UTC"
    if first is not None and kind == pl.Datetime("ms", zone):
        first += timedelta(microseconds=-first.microsecond % 1000)  # polars compares milliseconds

    def like_column(time: datetime) -> datetime:
        utc = time.astimezone(UTC)
        return utc.astimezone(ZoneInfo(zone)) if zone else utc.replace(tzinfo=None)

    inside = column.is_not_null()
    if first is not None:
        inside &= column >= like_column(first)
    if last is not None:
        inside &= column <= like_column(last)
    return inside
