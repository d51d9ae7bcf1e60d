"""No view knows the future: on days small enough to read."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from include.flights.columns import DERIVED, FLIGHTS, SOURCE_REFERENCE, VIEWS, WEATHER
from include.flights.features import feature_views
from include.flights.features.congestion import with_milestones
from include.flights.features.feature_views import Known
from include.flights.features.history import TIME

NOON = datetime(2013, 6, 10, 16, tzinfo=UTC)


def flights(*delays: int | None) -> pl.DataFrame:
    """Flights due an hour apart from noon on, with these delays; None never departs."""
    rows = []
    for index, delay in enumerate(delays):
        due = NOON + timedelta(hours=index)
        left = None if delay is None else due + timedelta(minutes=delay)
        rows.append(
            {
                "flight_id": f"2013-06-10_UA{index}_EWR",
                "date": date(2013, 6, 10),
                "carrier": "UA",
                "flight": index,
                "tailnum": f"N{index}",
                "origin": "EWR",
                "dest": "ORD",
                "distance_mi": 719,
                "sched_dep_local": due.replace(tzinfo=None) - timedelta(hours=4),
                "sched_arr_local": due.replace(tzinfo=None) - timedelta(hours=3),
                "sched_dep_utc": due,
                "sched_arr_utc": due + timedelta(hours=2),
                "dep_utc": left,
                "arr_utc": None if left is None else left + timedelta(hours=2),
                "dep_delay_min": delay,
                "arr_delay_min": delay,
                "cancelled": delay is None,
                "diverted": False,
            }
        )
    return pl.DataFrame(rows, schema=FLIGHTS)


def known(table: pl.DataFrame) -> Known:
    weather = pl.DataFrame(
        {"origin": ["EWR"], "observed_utc": [NOON], "wind_speed_mph": [10.0]},
        schema_overrides=WEATHER,
    )
    empty = pl.DataFrame(schema=WEATHER)
    return Known(
        month=date(2013, 6, 1),
        flights=with_milestones(table, 3),
        weather=pl.concat([empty, weather], how="diagonal"),
        planes=pl.DataFrame(schema=SOURCE_REFERENCE["planes"]),
        late_after_min=15,
    )


def at(view: str, table: pl.DataFrame, time: datetime) -> dict[str, object]:
    rows = feature_views.rows_of(view, known(table)).filter(pl.col(TIME) == time)
    return rows.row(0, named=True)


def test_a_flight_is_overdue_until_it_departs():
    table = flights(40)
    at_30 = at("origin_congestion", table, NOON + timedelta(minutes=30))
    assert (at_30["origin_overdue"], at_30["origin_overdue_min"]) == (1, 30)
    assert at("origin_congestion", table, NOON + timedelta(minutes=40))["origin_overdue"] == 0


def test_a_delay_is_known_at_departure_and_not_before():
    table = flights(40)
    before = at("origin_congestion", table, NOON + timedelta(minutes=35))
    after = at("origin_congestion", table, NOON + timedelta(minutes=40))
    assert (before["origin_dep_delay_1h_min"], after["origin_dep_delay_1h_min"]) == (None, 40)


def test_a_cancelled_and_a_late_flight_look_the_same_until_the_late_one_departs():
    times = [NOON + timedelta(minutes=minutes) for minutes in (5, 60, 175, 180, 235)]
    for time in times:
        assert at("origin_congestion", flights(240), time) == at(
            "origin_congestion", flights(None), time
        )


def test_a_flight_three_hours_overdue_becomes_stranded():
    row = at("origin_congestion", flights(None), NOON + timedelta(hours=3))
    assert (row["origin_stranded_1h"], row["origin_overdue"]) == (1, 0)


@pytest.mark.parametrize(
    "view", sorted(set(VIEWS) - {"aircraft", "flight_schedule", "departure_schedule"})
)
def test_what_happens_after_a_time_changes_no_row_up_to_it(view):
    """The leak test: two days that differ only after 15:30 are the same up to 15:30."""
    change = NOON + timedelta(hours=3, minutes=30)
    punctual = feature_views.rows_of(view, known(flights(0, 50, 0, 31, 0, 0)))
    terrible = feature_views.rows_of(view, known(flights(0, 50, 0, 300, None, 600)))
    seen = pl.col(TIME) <= change
    assert punctual.filter(seen).equals(terrible.filter(seen))
    if view not in ("origin_weather",):
        assert not punctual.equals(terrible)


def test_weather_is_known_an_hour_after_its_hour():
    table = feature_views.rows_of("origin_weather", known(flights(0)))
    assert table[TIME].to_list() == [NOON + timedelta(hours=1)]


def test_a_leg_shows_its_arrival_delay_once_it_has_landed():
    table = feature_views.rows_of("aircraft_last_leg", known(flights(10)))
    assert table.select(TIME, "last_leg_arr_delay_min").rows() == [
        (NOON + timedelta(minutes=10), None),
        (NOON + timedelta(minutes=130), 10),
    ]


def test_every_view_has_the_columns_that_columns_py_names():
    for name, view in VIEWS.items():
        expected = [*view.keys, TIME, *(DERIVED.get(row[0], row[0]) for row in view.rows)]
        assert feature_views.rows_of(name, known(flights(0, 20))).columns == expected
