"""Times as a source holds them: texts of ISO 8601, with or without an offset, and typed ones."""

import polars as pl

# A day; perhaps a time of day, with a fraction of a second; perhaps an offset. Without one: UTC.
PATTERN = (
    r"^\s*(?<day>\d{4}[-/]\d{1,2}[-/]\d{1,2})"
    r"(?:[Tt ](?<clock>\d{1,2}:\d{2})(?<second>:[0-5]\d)?(?:[.,](?<fraction>\d+))?"
    r"\s*(?:(?<utc>[Zz]|UTC)|(?<sign>[+\-−])(?<hours>[01]\d|2[0-3]):?(?<minutes>[0-5]\d)?)?)?\s*$"
)
# The years 1 to 9999 in milliseconds from 1970: beyond, neither Python nor polars shows a time.
FIRST_MS, LAST_MS = -62_135_596_800_000, 253_402_300_799_999


def from_text(text: pl.Series, kind: pl.DataType) -> pl.Series | None:
    """The times that texts say, each with an offset of its own or none.

    Empty where a text says none, or the type would lose a part of it; None if the type is no time.
    """
    if not isinstance(kind, (pl.Date, pl.Datetime)):
        return None
    # A time stands in many rows: each is read once.
    texts = text.drop_nulls().unique()
    parts = texts.str.extract_groups(PATTERN).struct.unnest()
    there = parts.select(instant()).to_series()
    if not zone(kind):
        zoned = parts.select(pl.col("utc").is_not_null() | pl.col("sign").is_not_null())
        there = there.dt.replace_time_zone(None).set(zoned.to_series(), None)
    return text.replace_strict(texts, from_time(there, kind), default=None)


def instant() -> pl.Expr:
    """The instant that the parts of PATTERN say, to the microsecond; empty where they are none."""
    clock = pl.col("clock").fill_null("00:00") + pl.col("second").fill_null(":00")
    local = pl.col("day").str.replace_all("/", "-", literal=True) + " " + clock
    digits = pl.col("fraction").fill_null("").str.pad_end(6, "0")
    exact = ~digits.str.slice(6).str.contains("[1-9]")
    after = pl.duration(microseconds=digits.str.slice(0, 6).cast(pl.Int64))
    offset = pl.col("hours").cast(pl.Int64) * 60 + pl.col("minutes").fill_null("0").cast(pl.Int64)
    east = pl.when(pl.col("sign") == "+").then(offset).otherwise(-offset).fill_null(0)
    time = local.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
    utc = pl.when(exact).then(time + after - pl.duration(minutes=east))
    return utc.dt.replace_time_zone("UTC")


def from_time(column: pl.Series, kind: pl.DataType) -> pl.Series | None:
    """Days or times as the other, in another unit or zone; a time without a zone is one in UTC.

    Empty where a part would be lost; None if the type is no time, or would lose the zone.
    """
    if not isinstance(kind, (pl.Date, pl.Datetime)) or (zone(column.dtype) and not zone(kind)):
        return None
    casted = column.cast(kind, strict=False)
    same = (casted.cast(column.dtype, strict=False) == column) & inside(column)
    return casted.set(~same.fill_null(False), None)


def inside(column: pl.Series) -> pl.Series:
    """Whether a day or time is one that can be shown."""
    return column.dt.epoch("ms").is_between(FIRST_MS, LAST_MS)


def zone(kind: pl.DataType) -> str | None:
    """The time zone of a type, if it has one."""
    return kind.time_zone if isinstance(kind, pl.Datetime) else None


def shown(column: pl.Series) -> list[str]:
    """Days or times to their last digit."""
    texts = column.set(~inside(column), None).cast(pl.String)
    return [text or str(raw) for text, raw in zip(texts, column.to_physical(), strict=True)]
