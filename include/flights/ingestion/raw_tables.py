"""The raw tables: a source's flights and weather with ids, units and times in UTC."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from include.errors import DataError
from include.flights import columns
from include.flights.ingestion.sources import typed

# Texts that a source may lack, so that NA in a CSV file means it. In the others, and in Parquet,
# NA is a name like any other: it is the code of an airline.
MAY_BE_MISSING: dict[str, tuple[str, ...]] = {
    "flights": ("tailnum",),
    "weather": (),
    "planes": ("type", "manufacturer", "model", "engine"),
    "airports": ("name", "tzone"),
    "airlines": ("name",),
}


def type_flights(source: pl.DataFrame, zones: dict[str, str]) -> pl.DataFrame:
    """Give each flight an id, its local schedule, and its times in UTC.

    The scheduled arrival is local to the destination; where that airport's time zone is not
    known, arrival times stay empty, and the flight never counts as known to have arrived.
    """
    table = source.with_columns(
        # time_hour is the UTC hour of the schedule: no guess is needed when clocks change.
        sched_dep_utc=pl.col("time_hour") + pl.duration(minutes=pl.col("sched_dep_time") % 100),
    ).with_columns(
        flight_id=pl.format("{}_{}{}_{}", "date", "carrier", "flight", "origin"),
        sched_dep_local=local_time("sched_dep_time"),
        sched_arr_local=local_time("sched_arr_time"),
        cancelled=pl.col("dep_time").is_null(),
        diverted=pl.col("dep_time").is_not_null() & pl.col("arr_delay").is_null(),
        dep_utc=pl.col("sched_dep_utc") + pl.duration(minutes="dep_delay"),
    )
    table = with_scheduled_arrival(table, zones).with_columns(
        arr_utc=pl.col("sched_arr_utc") + pl.duration(minutes="arr_delay")
    )
    raw = typed(table.rename(columns.RENAMED_FLIGHTS), columns.FLIGHTS, "flights")
    # In the order of the source where a flight is there twice: the file has the same bytes again.
    return raw.sort("sched_dep_utc", "flight_id", maintain_order=True)


def local_time(hhmm: str) -> pl.Expr:
    """The local day of the flight at a clock time written as 517 for 05:17; 2400 is midnight."""
    minutes = pl.col(hhmm) // 100 * 60 + pl.col(hhmm) % 100
    return pl.col("date").cast(pl.Datetime("us")) + pl.duration(minutes=minutes)


def with_scheduled_arrival(table: pl.DataFrame, zones: dict[str, str]) -> pl.DataFrame:
    """Add sched_arr_utc: the first time after departure that the destination's clock shows it."""
    zone = pl.col("dest").replace_strict(zones, default=None, return_dtype=pl.String)
    parts = []
    for (name,), part in table.with_columns(zone=zone).group_by("zone", maintain_order=True):
        if name is None:
            arrival: pl.Expr = pl.lit(None, columns.UTC)
        else:
            check_zone(str(name), part["dest"][0])
            # The clock is asked on each day: a day is not 24 hours long when clocks change.
            same_day, next_day = (utc_of("sched_arr_local", str(name), days) for days in (0, 1))
            later = same_day > pl.col("sched_dep_utc")
            arrival = pl.when(later).then(same_day).otherwise(next_day)
        parts.append(part.with_columns(sched_arr_utc=arrival))
    return pl.concat(parts)


def utc_of(local: str, zone: str, days: int) -> pl.Expr:
    """The instant at which the clocks of a zone show a time, so many days later.

    It is the first where they show it twice, and empty where they do not.
    """
    shown = pl.col(local) + pl.duration(days=days)
    instant = shown.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return instant.dt.convert_time_zone("UTC")


def check_zone(zone: str, airport: str) -> None:
    """Raise DataError if there is no such time zone."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise DataError(
            f"The time zone of {airport} is {zone!r}, which is not known.",
            "correct it in ingest_flights.time_zones of params.yaml, or in the source's list of "
            "airports.",
        ) from None


def type_weather(source: pl.DataFrame) -> pl.DataFrame:
    """Name the units, and sort by airport and hour."""
    raw = typed(source.rename(columns.RENAMED_WEATHER), columns.WEATHER, "weather")
    return raw.sort("origin", "observed_utc", maintain_order=True)
