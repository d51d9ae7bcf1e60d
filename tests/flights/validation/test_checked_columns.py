"""What is worked out of a row before a rule looks at it keeps its seconds."""

from datetime import date

import polars as pl
from small_months import changed, flights, weather

from include.flights.validation.checked_columns import Bounds, with_checked_columns

JANUARY = Bounds(date(2013, 1, 1), date(2013, 2, 1), {"EWR": "America/New_York"})


def test_a_schedule_half_a_minute_off_the_local_clock_is_off() -> None:
    later = pl.col("sched_dep_utc") + pl.duration(seconds=30)
    table = changed(flights(1), (1,), later)
    wide = with_checked_columns("flights", table, JANUARY)
    assert wide["sched_clock_gap_min"].head(3).to_list() == [0, 0.5, 0]


def test_half_a_minute_more_than_three_hours_is_more() -> None:
    late = pl.col("observed_utc") + pl.duration(hours=2, seconds=30)
    table = changed(weather(1), tuple(range(10, 20)), late)
    wide = with_checked_columns("weather", table, JANUARY)
    assert wide["gap_hours"].slice(9, 3).to_list() == [1, 3 + 30 / 3600, 1]
