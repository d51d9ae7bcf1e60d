"""The tables behind the Feast views: each row says what was known at its event_timestamp."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from include.flights.columns import TIME_ZONE, VIEWS, hours, kept, minute_of_day
from include.flights.features.congestion import congestion, delays
from include.flights.features.history import TIME, grid, seen
from include.flights.features.schedule import own_schedule
from include.flights.splits import add_months


@dataclass(frozen=True)
class Known:
    """The validated rows that a month's views are made from: that month, and two before it."""

    month: date
    flights: pl.DataFrame  # with milestones
    weather: pl.DataFrame
    planes: pl.DataFrame
    late_after_min: int

    def times(self, by: list[str], every_min: int) -> pl.DataFrame:
        """Each key that flew in these months, at each time of the month."""
        times = grid(midnight(self.month), midnight(add_months(self.month, 1)), every_min)
        if not by:
            return times
        keys = self.flights.select(by).unique().sort(by)
        return keys.join(times, how="cross", maintain_order="left_right")

    def in_month(self, at: str) -> pl.Expr:
        """Whether the time in column `at` lies in the month, by the clock of the airports."""
        start, end = midnight(self.month), midnight(add_months(self.month, 1))
        return pl.col(at).is_between(start, end, closed="left")


def rows_of(view: str, known: Known) -> pl.DataFrame:
    """The month's rows of a view: its keys, event_timestamp, and its columns, sorted."""
    table = BUILDERS[view](known)
    columns = [kept(name) for name, *_ in VIEWS[view].rows]
    keys = [*VIEWS[view].keys, TIME]
    return table.select(*keys, *(pl.col(name).cast(kind) for name, kind in columns)).sort(keys)


def midnight(day: date) -> datetime:
    """Midnight at the airports, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(TIME_ZONE)).astimezone(UTC)


def flight_schedule(known: Known) -> pl.DataFrame:
    """One row per flight of the month: its own schedule."""
    return a_day_before(known.flights.with_columns(**own_schedule()), known)


def departure_schedule(known: Known) -> pl.DataFrame:
    """One row per carrier, airport and departure: how many others want to leave."""
    flights = known.flights
    departures = flights.select("origin", pl.col("sched_dep_utc").alias(TIME))
    queue = seen(flights, "sched_dep_utc", {"queue": pl.lit(1)}, departures, ["origin"], [2])
    table = flights.with_columns(
        queue["queue_2h"],
        hour=pl.col("sched_dep_utc").dt.truncate("1h"),
        dep_minute=minute_of_day("sched_dep_utc"),
    ).with_columns(
        demand_origin=pl.len().over("origin", "hour"),
        demand_carrier=pl.len().over("origin", "carrier", "hour"),
        demand_city=pl.len().over("hour"),
        demand_day=pl.len().over("origin", "date"),
    )
    return a_day_before(table, known).unique([*VIEWS["departure_schedule"].keys, TIME])


def a_day_before(flights: pl.DataFrame, known: Known) -> pl.DataFrame:
    """The flights of the month, each as of the moment a day before it is to leave."""
    month = flights.filter(pl.col("date") >= known.month)
    return month.with_columns(pl.col("sched_dep_utc").dt.offset_by("-1d").alias(TIME))


def origin_congestion(known: Known) -> pl.DataFrame:
    """One row per airport and 5 minutes: the airport itself, and all airports of the city."""
    limit, windows = known.late_after_min, (1, 3, 6, 24)
    times = known.times(["origin"], 5)
    own = congestion(known.flights, "origin", times, limit, windows, (1, 3, 24), windows)
    city = congestion(known.flights, "city", known.times([], 5), limit, (1, 3), (3,))
    return own.join(city, on=TIME, maintain_order="left")


def carrier_origin_congestion(known: Known) -> pl.DataFrame:
    """One row per carrier, airport and 15 minutes."""
    times = known.times(["carrier", "origin"], 15)
    limit = known.late_after_min
    return congestion(known.flights, "carrier_origin", times, limit, (3,), (3, 24))


def carrier_history(known: Known) -> pl.DataFrame:
    """One row per carrier and 30 minutes: now, the last day, and the last week."""
    times = known.times(["carrier"], 30)
    limit = known.late_after_min
    return congestion(known.flights, "carrier", times, limit, (3,), (24, 168), (24,))


def dest_history(known: Known) -> pl.DataFrame:
    """One row per destination and hour: now, the last day, and the last week."""
    times = known.times(["dest"], 60)
    return congestion(known.flights, "dest", times, known.late_after_min, (6,), (3, 6, 24, 168))


def flight_number_history(known: Known) -> pl.DataFrame:
    """One row per arrival in the month: how its flight number fared in the last weeks."""
    by = ["carrier", "flight", "origin"]
    landed = known.flights.filter(known.in_month("arr_utc"))
    times = landed.select(*by, pl.col("arr_utc").alias(TIME)).unique().sort(*by, TIME)
    number = {"number_flights": pl.lit(1)}
    flights = seen(known.flights, "arr_utc", number, times, by, [672])
    limit = known.late_after_min
    fared = delays(known.flights, "number", "arr", times, by, (168, 672), limit)
    return pl.concat([flights, fared], how="horizontal")


def aircraft(known: Known) -> pl.DataFrame:
    """One row per aircraft of the register, known before all flights."""
    start = pl.lit(datetime(2000, 1, 1, tzinfo=UTC)).dt.cast_time_unit("us").alias(TIME)
    return known.planes.select("tailnum", start, "seats", built_year="year")


def aircraft_last_leg(known: Known) -> pl.DataFrame:
    """One row each time that an aircraft departs or lands: the leg it flew last."""
    flown = pl.col("tailnum").is_not_null() & pl.col("dep_utc").is_not_null()
    legs = known.flights.filter(flown).select(
        "tailnum",
        "dep_utc",
        "arr_utc",
        last_leg_dep_h=hours("sched_dep_utc"),
        last_leg_dep_delay_min="dep_delay_min",
        last_leg_arr_delay_min="arr_delay_min",
    )
    departed = legs.with_columns(pl.col("dep_utc").alias(TIME), last_leg_arr_delay_min=None)
    landed = legs.filter(pl.col("arr_utc").is_not_null()).with_columns(
        pl.col("arr_utc").alias(TIME)
    )
    both = pl.concat([departed, landed], how="vertical_relaxed").sort("tailnum", TIME, "dep_utc")
    # A leg that is recorded as landing after the next one departed is old news by then.
    newest = both.filter(pl.col("dep_utc") == pl.col("dep_utc").cum_max().over("tailnum"))
    rows = newest.unique(["tailnum", TIME], keep="last", maintain_order=True)
    return rows.filter(known.in_month(TIME))


def origin_weather(known: Known) -> pl.DataFrame:
    """One row per airport and hourly observation, with the trend up to it."""
    angle = pl.col("wind_dir_deg").cast(pl.Float32).radians()

    def last(name: str, observations: int) -> dict[str, pl.Expr]:
        """The extremes and sums over the last observations, this one included."""
        column, size = pl.col(name), observations
        return {
            "max": column.rolling_max(size, min_samples=1).over("origin"),
            "min": column.rolling_min(size, min_samples=1).over("origin"),
            "sum": column.rolling_sum(size, min_samples=1).over("origin"),
        }

    table = known.weather.sort("origin", "observed_utc").with_columns(
        pl.col("observed_utc").dt.offset_by("1h").alias(TIME),
        wind_north_mph=angle.cos() * pl.col("wind_speed_mph"),
        wind_east_mph=angle.sin() * pl.col("wind_speed_mph"),
        wind_max_6h_mph=last("wind_speed_mph", 6)["max"],
        gust_max_6h_mph=last("wind_gust_mph", 6)["max"],
        precip_6h_in=last("precip_in", 6)["sum"],
        precip_24h_in=last("precip_in", 24)["sum"],
        pressure_change_3h_mb=pl.col("pressure_mb").diff(3).over("origin"),
        temp_change_3h_f=pl.col("temp_f").diff(3).over("origin"),
        visib_min_3h_mi=last("visib_mi", 3)["min"],
    )
    return table.filter(known.in_month("observed_utc"))


BUILDERS: dict[str, Callable[[Known], pl.DataFrame]] = {
    "flight_schedule": flight_schedule,
    "departure_schedule": departure_schedule,
    "origin_congestion": origin_congestion,
    "carrier_origin_congestion": carrier_origin_congestion,
    "carrier_history": carrier_history,
    "dest_history": dest_history,
    "flight_number_history": flight_number_history,
    "aircraft": aircraft,
    "aircraft_last_leg": aircraft_last_leg,
    "origin_weather": origin_weather,
}
