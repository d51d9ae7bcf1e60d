"""What every column means, in which unit, and when it is known.

The raw tables come first, then the features. Stages, the Feast repository, the reports and the
model server all read the columns from here. The file is long because it is one table: splitting
it would hide a column from the reader who looks for it.

The prediction is made at the cut-off, two hours before scheduled departure (build_features.lead_h).
These decisions keep every feature free of what came after it:

- *Departure* is known at its actual time, *arrival* and its delay at the actual time of arrival.
  Where the arrival time is unknown (no time zone for the airport), the arrival is never known.
- *Cancellation* has no time in the data. It is not used: a flight that has not left counts as
  `overdue` from its scheduled time on, and as `stranded` once it is `stranded_after_h` late. Both
  can be seen by anyone who watches the departures, whatever becomes of the flight.
- *Daily statistics* are not read from a table that is published once a day, and so might hold
  flights that landed later: the last day and week are counted from arrivals known at the time.
- *Weather* bears the hour in which it was observed (most often at minute 51), so it counts as known
  one hour later.
- *Tail number* is the one that flew. Airlines assign it the day before, and swap some aircraft
  later; it is taken as known. The README says what the model loses without it.
- *Schedule* (and so the demand per hour) is known a day before; later changes are not in the data.

Long because it is one table: each column, with its meaning, unit, and when it is known.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import polars as pl

# The clock of the window's days, and of the three origins.
TIME_ZONE = "America/New_York"

UTC = pl.Datetime("us", "UTC")
LOCAL = pl.Datetime("us")

# What a source must hold (its names, its units). Other columns are left behind.
SOURCE_FLIGHTS: dict[str, pl.DataType] = {
    "year": pl.Int32(),
    "month": pl.Int8(),
    "day": pl.Int8(),
    "dep_time": pl.Int16(),
    "sched_dep_time": pl.Int16(),
    "dep_delay": pl.Int16(),
    "arr_time": pl.Int16(),
    "sched_arr_time": pl.Int16(),
    "arr_delay": pl.Int16(),
    "carrier": pl.String(),
    "flight": pl.Int32(),
    "tailnum": pl.String(),
    "origin": pl.String(),
    "dest": pl.String(),
    "air_time": pl.Int16(),
    "distance": pl.Int16(),
    "time_hour": UTC,
}
SOURCE_WEATHER: dict[str, pl.DataType] = {
    "origin": pl.String(),
    "year": pl.Int32(),
    "month": pl.Int8(),
    "day": pl.Int8(),
    "time_hour": UTC,
    "temp": pl.Float32(),
    "dewp": pl.Float32(),
    "humid": pl.Float32(),
    "wind_dir": pl.Int16(),
    "wind_speed": pl.Float32(),
    "wind_gust": pl.Float32(),
    "precip": pl.Float32(),
    "pressure": pl.Float32(),
    "visib": pl.Float32(),
}
SOURCE_REFERENCE: dict[str, dict[str, pl.DataType]] = {
    "planes": {
        "tailnum": pl.String(),
        "year": pl.Int16(),
        "type": pl.String(),
        "manufacturer": pl.String(),
        "model": pl.String(),
        "engines": pl.Int8(),
        "seats": pl.Int16(),
        "engine": pl.String(),
    },
    "airports": {"faa": pl.String(), "name": pl.String(), "tzone": pl.String()},
    "airlines": {"carrier": pl.String(), "name": pl.String()},
}

# The raw tables as ingest_flights writes them. A clock time is local to its airport; a time
# that ends in _utc is UTC. Times of arrival are empty where the flight did not arrive.
FLIGHTS: dict[str, pl.DataType] = {
    "flight_id": pl.String(),  # date_carrierNUMBER_origin, unique
    "date": pl.Date(),  # local day of scheduled departure
    "carrier": pl.String(),
    "flight": pl.Int32(),
    "tailnum": pl.String(),  # empty for some cancelled flights
    "origin": pl.String(),
    "dest": pl.String(),
    "distance_mi": pl.Int16(),
    "sched_dep_local": LOCAL,
    "sched_arr_local": LOCAL,  # on the local day of departure, even if it arrives the day after
    "sched_dep_utc": UTC,
    "sched_arr_utc": UTC,
    "dep_hhmm": pl.Int16(),  # 517 is 05:17, 2400 is midnight; empty if cancelled
    "arr_hhmm": pl.Int16(),
    "dep_utc": UTC,
    "arr_utc": UTC,
    "dep_delay_min": pl.Int16(),
    "arr_delay_min": pl.Int16(),
    "air_time_min": pl.Int16(),
    "cancelled": pl.Boolean(),  # never departed
    "diverted": pl.Boolean(),  # departed, but without an arrival delay at its destination
}
RENAMED_FLIGHTS = {
    "dep_time": "dep_hhmm",
    "arr_time": "arr_hhmm",
    "dep_delay": "dep_delay_min",
    "arr_delay": "arr_delay_min",
    "air_time": "air_time_min",
    "distance": "distance_mi",
}
WEATHER: dict[str, pl.DataType] = {
    "origin": pl.String(),
    "observed_utc": UTC,  # the hour in which the observation was made: see known_utc below
    "temp_f": pl.Float32(),
    "dewp_f": pl.Float32(),
    "humid_pct": pl.Float32(),
    "wind_dir_deg": pl.Int16(),
    "wind_speed_mph": pl.Float32(),
    "wind_gust_mph": pl.Float32(),
    "precip_in": pl.Float32(),
    "pressure_mb": pl.Float32(),
    "visib_mi": pl.Float32(),
}
RENAMED_WEATHER = {
    "time_hour": "observed_utc",
    "temp": "temp_f",
    "dewp": "dewp_f",
    "humid": "humid_pct",
    "wind_dir": "wind_dir_deg",
    "wind_speed": "wind_speed_mph",
    "wind_gust": "wind_gust_mph",
    "precip": "precip_in",
    "pressure": "pressure_mb",
    "visib": "visib_mi",
}


@dataclass(frozen=True)
class Column:
    """One feature: where it comes from, what it means, and when it is known."""

    name: str
    view: str  # the Feast feature view
    kind: Literal["number", "category"]
    unit: str
    known: str
    meaning: str


def names(kind: str | None = None) -> list[str]:
    """The names of the features, or of those of one kind, in the order of the model's columns."""
    return [column.name for column in FEATURES if kind in (None, column.kind)]


def delays(prefix: str, whose: str, event: str, hours: tuple[int, ...]) -> list[tuple[str, ...]]:
    """Mean delay and late share of the flights that departed or arrived in the last hours."""
    short = event[:3]
    return [
        row
        for h in hours
        for row in (
            (
                f"{prefix}_{short}_delay_{h}h_min",
                "min",
                f"mean delay of {whose} that {event}, {h} h",
            ),
            (
                f"{prefix}_{short}_late_{h}h_share",
                "share",
                f"late among {whose} that {event}, {h} h",
            ),
        )
    ]


def counts(prefix: str, whose: str, hours: tuple[int, ...]) -> list[tuple[str, ...]]:
    """Departures, and flights that became stranded, in the last hours."""
    return [
        row
        for h in hours
        for row in (
            (f"{prefix}_departures_{h}h", "flights", f"departures of {whose}, last {h} h"),
            (f"{prefix}_stranded_{h}h", "flights", f"{whose} that became stranded, last {h} h"),
        )
    ]


def overdue(prefix: str, whose: str) -> list[tuple[str, ...]]:
    """Flights due by now that have not departed."""
    return [
        (f"{prefix}_overdue", "flights", f"{whose} due but not departed, not yet stranded"),
        (f"{prefix}_overdue_min", "min", f"waiting time of these {whose} so far, summed"),
    ]


@dataclass(frozen=True)
class View:
    """One Feast feature view: how its rows are found, and the (name, unit, meaning) of each column.

    A row counts for `ttl` after its time; 0 is for ever. The unit "code" makes a category. A fourth
    item is the column that the view keeps instead: see DERIVED.
    """

    keys: tuple[str, ...]
    ttl: timedelta
    known: str
    rows: tuple[tuple[str, ...], ...]
    online: bool = True
    monthly: bool = True


VIEWS: dict[str, View] = {
    "flight_schedule": View(
        keys=("flight_id",),
        ttl=timedelta(days=2),
        known="a day before departure",
        online=False,  # a request brings its own schedule
        rows=(
            ("sched_dep_hour", "h", "local clock time of scheduled departure"),
            ("sched_arr_hour", "h", "local clock time of scheduled arrival"),
            ("weekday", "1..7", "day of the week, Monday is 1"),
            ("distance_mi", "mi", "distance flown"),
            ("block_min", "min", "scheduled time from gate to gate"),
            ("slack_min", "min", "block_min less the time to cover the distance at 480 mph"),
        ),
    ),
    "departure_schedule": View(
        # By the minute of the day: so each is held once, and a day later it is too old to count.
        keys=("carrier", "origin", "dep_minute"),
        ttl=timedelta(days=1),
        known="a day before departure",
        rows=(
            ("demand_origin", "flights", "departures scheduled from the airport in this hour"),
            ("demand_carrier", "flights", "the same, of this carrier"),
            ("demand_city", "flights", "departures scheduled from all airports in this hour"),
            ("demand_day", "flights", "departures scheduled from the airport on this day"),
            ("queue_2h", "flights", "departures scheduled between the cut-off and departure"),
        ),
    ),
    "origin_congestion": View(
        keys=("origin",),
        ttl=timedelta(minutes=10),
        known="at the cut-off, in steps of 5 minutes",
        rows=(
            *overdue("origin", "flights from the airport"),
            *delays("origin", "flights from the airport", "departed", (1, 3, 6, 24)),
            *delays("origin", "flights from the airport", "arrived", (1, 3, 24)),
            *counts("origin", "flights from the airport", (1, 3, 6, 24)),
            *overdue("city", "flights from all airports"),
            *delays("city", "flights from all airports", "departed", (1, 3)),
            *delays("city", "flights from all airports", "arrived", (3,)),
        ),
    ),
    "carrier_origin_congestion": View(
        keys=("carrier", "origin"),
        ttl=timedelta(minutes=30),
        known="at the cut-off, in steps of 15 minutes",
        rows=(
            *overdue("carrier_origin", "flights of the carrier from the airport"),
            *delays("carrier_origin", "flights of the carrier from the airport", "departed", (3,)),
            *delays(
                "carrier_origin", "flights of the carrier from the airport", "arrived", (3, 24)
            ),
        ),
    ),
    "carrier_history": View(
        keys=("carrier",),
        ttl=timedelta(hours=1),
        known="at the cut-off, in steps of 30 minutes",
        rows=(
            *overdue("carrier", "flights of the carrier"),
            *delays("carrier", "flights of the carrier", "departed", (3,)),
            *delays("carrier", "flights of the carrier", "arrived", (24, 168)),
            *counts("carrier", "flights of the carrier", (24,)),
        ),
    ),
    "dest_history": View(
        keys=("dest",),
        ttl=timedelta(hours=2),
        known="at the cut-off, in steps of 60 minutes",
        rows=(
            *overdue("dest", "flights to the destination"),
            *delays("dest", "flights to the destination", "departed", (6,)),
            *delays("dest", "flights to the destination", "arrived", (3, 6, 24, 168)),
        ),
    ),
    "flight_number_history": View(
        keys=("carrier", "flight", "origin"),
        ttl=timedelta(days=28),
        known="when its last flight before the cut-off arrived",
        rows=(
            ("number_flights_672h", "flights", "arrivals under this flight number, last 28 days"),
            *delays("number", "flights under this flight number", "arrived", (168, 672)),
        ),
    ),
    "aircraft": View(
        keys=("tailnum",),
        ttl=timedelta(0),
        monthly=False,
        known="always: the register of aircraft",
        rows=(
            ("built_year", "year", "year of manufacture"),
            ("seats", "seats", "number of seats"),
        ),
    ),
    "aircraft_last_leg": View(
        keys=("tailnum",),
        ttl=timedelta(hours=24),
        known="when the aircraft last departed from an airport of the city, or landed after that",
        rows=(
            ("last_leg_dep_delay_min", "min", "delay of the aircraft's last departure, 24 h"),
            ("last_leg_arr_delay_min", "min", "delay of that flight at arrival, once it landed"),
            (
                "last_leg_ago_h",
                "h",
                "from that departure to this scheduled departure",
                "last_leg_dep_h",
            ),
        ),
    ),
    "origin_weather": View(
        keys=("origin",),
        ttl=timedelta(hours=6),
        known="an hour after the hour of observation",
        rows=(
            ("temp_f", "F", "air temperature"),
            ("dewp_f", "F", "dew point"),
            ("humid_pct", "%", "relative humidity"),
            ("wind_dir_deg", "degree", "direction the wind comes from"),
            ("wind_north_mph", "mph", "wind from the north"),
            ("wind_east_mph", "mph", "wind from the east"),
            ("wind_max_6h_mph", "mph", "strongest hourly wind, last 6 observations"),
            ("gust_max_6h_mph", "mph", "strongest gust, last 6 observations"),
            ("precip_in", "in", "precipitation in the hour"),
            ("precip_6h_in", "in", "precipitation, last 6 observations"),
            ("precip_24h_in", "in", "precipitation, last 24 observations"),
            ("pressure_mb", "mb", "pressure at sea level"),
            ("pressure_change_3h_mb", "mb", "change of pressure over 3 observations"),
            ("temp_change_3h_f", "F", "change of temperature over 3 observations"),
            ("visib_mi", "mi", "visibility"),
            ("visib_min_3h_mi", "mi", "lowest visibility, last 3 observations"),
        ),
    ),
}

# A view cannot know the flight that will ask. In place of these features it keeps a moment, in
# hours since 1970, and build_features takes it from the time of the schedule.
DERIVED = {row[0]: row[3] for view in VIEWS.values() for row in view.rows if len(row) > 3}


def kept(name: str) -> tuple[str, pl.DataType]:
    """The column in which a view keeps a feature, and its type: a moment needs many digits."""
    return (DERIVED[name], pl.Float64()) if name in DERIVED else (name, pl.Float32())


def hours(time: str) -> pl.Expr:
    """A column of times as hours since 1970."""
    return pl.col(time).dt.epoch("s") / 3600


def derived() -> dict[str, pl.Expr]:
    """The features that need both the flight, with sched_dep_utc, and what a view keeps."""
    return {name: hours("sched_dep_utc") - pl.col(held) for name, held in DERIVED.items()}


def minute_of_day(time: str) -> pl.Expr:
    """The minute of a column of times on its day in UTC, 0 to 1439."""
    return pl.col(time).dt.hour().cast(pl.Int32) * 60 + pl.col(time).dt.minute()


# Keys of the joins that are features as well: they stand on the labelled flight itself.
ROUTE: tuple[tuple[str, ...], ...] = (
    ("carrier", "code", "operating carrier"),
    ("origin", "code", "airport of departure"),
    ("dest", "code", "airport of arrival"),
)


def feature(view: str, known: str, row: tuple[str, ...]) -> Column:
    """One feature from its row in a view."""
    name, unit, meaning = row[:3]
    return Column(name, view, "category" if unit == "code" else "number", unit, known, meaning)


FEATURES: tuple[Column, ...] = tuple(
    feature(name, view.known, row) for name, view in VIEWS.items() for row in view.rows
) + tuple(feature("flight", "a day before departure", row) for row in ROUTE)
