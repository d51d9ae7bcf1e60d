"""Columns that exist only to be checked: what the suites ask of a row, worked out beforehand.

A rule that compares two columns, or a row with its month, becomes a rule about one number here.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl


@dataclass(frozen=True)
class Bounds:
    """The days that a partition may hold, and the clocks of its airports."""

    first: date  # first local day
    end: date  # first local day after it
    zones: dict[str, str]  # airport to time zone


def with_checked_columns(name: str, table: pl.DataFrame, bounds: Bounds) -> pl.DataFrame:
    """Add what the suite of the table may name besides the table's own columns."""
    if name == "flights":
        return with_flight_columns(table, bounds)
    if name == "weather":
        return with_weather_columns(table, bounds)
    if name == "planes":
        last = (bounds.end - timedelta(days=1)).year
        return table.with_columns(years_ahead=pl.col("year").cast(pl.Int32) - last)
    return table


def with_flight_columns(flights: pl.DataFrame, bounds: Bounds) -> pl.DataFrame:
    """Days outside the month; gaps between clocks, delays and times; speed; status."""
    elapsed = minutes(pl.col("arr_utc") - pl.col("dep_utc"))
    departed = pl.col("dep_hhmm").is_not_null() & pl.col("dep_delay_min").is_not_null()
    landed = departed & pl.col("arr_delay_min").is_not_null()
    return local_clock(flights, "sched_dep_utc", bounds).with_columns(
        days_outside=days_outside(pl.col("date"), bounds),
        goes_elsewhere=pl.col("origin") != pl.col("dest"),
        sched_clock_gap_min=exact_hours(pl.col("local_clock") - pl.col("sched_dep_local")) * 60,
        dep_clock_minute=pl.col("dep_hhmm") % 100,
        arr_clock_minute=pl.col("arr_hhmm") % 100,
        dep_clock_gap_min=clock_gap("dep_hhmm", "sched_dep_local", "dep_delay_min"),
        arr_clock_gap_min=clock_gap("arr_hhmm", "sched_arr_local", "arr_delay_min"),
        elapsed_min=elapsed,
        ground_min=elapsed - pl.col("air_time_min"),
        speed_mph=pl.col("distance_mi") * 60.0 / pl.col("air_time_min"),
        status_holds=(pl.col("cancelled") == ~departed)
        & (pl.col("diverted") == (departed & ~landed)),
    )


def with_weather_columns(weather: pl.DataFrame, bounds: Bounds) -> pl.DataFrame:
    """Days outside the month; hours since the airport's observation before."""
    since = pl.col("observed_utc").diff().over("origin", order_by="observed_utc")
    return local_clock(weather, "observed_utc", bounds).with_columns(
        days_outside=days_outside(pl.col("local_clock").dt.date(), bounds),
        gap_hours=exact_hours(since),
    )


def local_clock(table: pl.DataFrame, utc: str, bounds: Bounds) -> pl.DataFrame:
    """Add the time on the clock of the origin; in UTC where its time zone is not known."""
    zones = {name: bounds.zones.get(name, "UTC") for name in table["origin"].drop_nulls().unique()}
    clock = pl.lit(None, pl.Datetime("us"))
    for origin, zone in sorted(zones.items()):
        there = pl.col(utc).dt.convert_time_zone(zone).dt.replace_time_zone(None)
        clock = pl.when(pl.col("origin") == origin).then(there).otherwise(clock)
    return table.with_columns(local_clock=clock)


def days_outside(day: pl.Expr, bounds: Bounds) -> pl.Expr:
    """0 inside the month; days after its last day above 0, days before its first day below."""
    after = (day - pl.lit(bounds.end)).dt.total_days() + 1
    before = (day - pl.lit(bounds.first)).dt.total_days()
    return (
        pl.when(after > 0)
        .then(after)
        .when(before < 0)
        .then(before)
        .otherwise(pl.when(day.is_not_null()).then(0))
    )


def clock_gap(hhmm: str, scheduled: str, delay_min: str) -> pl.Expr:
    """Minutes from schedule + delay to what the clock showed, -719 to 720; 2400 is midnight."""
    clock = pl.col(hhmm).cast(pl.Int32)
    shown = clock // 100 * 60 + clock % 100
    hour = pl.col(scheduled).dt.hour().cast(pl.Int32)
    expected = hour * 60 + pl.col(scheduled).dt.minute() + pl.col(delay_min)
    return (shown - expected + 719) % 1440 - 719


def exact_hours(duration: pl.Expr) -> pl.Expr:
    """Hours of a duration, with its seconds."""
    return duration.dt.total_microseconds() / 3_600_000_000


def minutes(duration: pl.Expr) -> pl.Expr:
    """Whole minutes of a duration."""
    return duration.dt.total_minutes()
