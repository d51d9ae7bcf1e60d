"""What may be asked about a flight, and what is said when it is asked otherwise."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from include.errors import DataError
from include.flights.serving.asked import Flights

ZONES = {"JFK": "America/New_York", "LAX": "America/Los_Angeles"}
NOW = datetime(2013, 6, 10, 12, tzinfo=UTC)
FLIGHT: dict[str, Any] = {
    "carrier": "UA",
    "flight": 15,
    "origin": "JFK",
    "dest": "LAX",
    "tailnum": "N1",
    "scheduled_departure": "2013-06-10T10:30-04:00",
    "scheduled_arrival": "2013-06-10T13:00-07:00",
    "distance_mi": 2475,
}
READER = Flights(ZONES, max_rows=3)


def read(*flights: object) -> dict[str, Any]:
    return READER.read(json.dumps(flights).encode(), NOW).table.row(-1, named=True)


def test_times_are_those_of_the_clocks_of_the_airports_whatever_offset_they_come_with() -> None:
    row = read(FLIGHT)
    assert row == {
        "date": date(2013, 6, 10),
        "sched_dep_local": datetime(2013, 6, 10, 10, 30),
        "sched_arr_local": datetime(2013, 6, 10, 13, 0),
        "sched_dep_utc": datetime(2013, 6, 10, 14, 30, tzinfo=UTC),
        "sched_arr_utc": datetime(2013, 6, 10, 20, 0, tzinfo=UTC),
        "distance_mi": 2475.0,
    }
    in_utc = {
        "scheduled_departure": "2013-06-10T14:30:00Z",
        "scheduled_arrival": "2013-06-10T20:00:00.000+00:00",
    }
    assert read(FLIGHT | in_utc) == row


def test_the_clock_of_an_airport_that_is_not_known_is_that_of_the_offset() -> None:
    row = read(FLIGHT | {"dest": "ZZZ", "scheduled_arrival": "2013-06-10T14:00-06:00"})
    assert row["sched_arr_local"] == datetime(2013, 6, 10, 14, 0)


def test_one_flight_may_come_without_a_list_and_without_a_tail_number() -> None:
    alone = {name: value for name, value in FLIGHT.items() if name != "tailnum"}
    schedule = READER.read(b" \n" + json.dumps(alone).encode(), NOW)
    assert len(schedule.flights) == 1 and "tailnum" not in schedule.flights[0]
    assert READER.read(json.dumps(FLIGHT | {"tailnum": None}).encode(), NOW).table.height == 1


REFUSED = {
    "NaN": ({"distance_mi": float("nan")}, "distance_mi is nan: input should be"),
    "infinity": ({"distance_mi": float("inf")}, "distance_mi is inf: input should be"),
    "number as text": (
        {"distance_mi": "2475"},
        "distance_mi is '2475': input should be a valid number",
    ),
    "flight as text": ({"flight": "15"}, "flight is '15': input should be a valid integer"),
    "flight as fraction": ({"flight": 15.0}, "flight is 15.0: input should be a valid integer"),
    "flight as truth": ({"flight": True}, "flight is True: input should be a valid integer"),
    "flight below 1": ({"flight": 0}, "flight is 0: input should be greater than or equal to 1"),
    "no such carrier": ({"carrier": "united"}, "carrier is 'united': string should match"),
    "text with a line": ({"origin": "JFK\n"}, "origin is 'JFK\\n': string should match"),
    "time without a zone": (
        {"scheduled_departure": "2013-06-10T10:30"},
        "scheduled_departure is '2013-06-10T10:30': string should match",
    ),
    "time as number": ({"scheduled_departure": 1370874600}, "input should be a valid string"),
    "no such day": (
        {"scheduled_departure": "2013-02-30T10:30-04:00"},
        "scheduled_departure is '2013-02-30T10:30-04:00', which no calendar has.",
    ),
    "beyond all calendars": (
        {"scheduled_departure": "0001-01-01T00:00+14:00"},
        "which no calendar has.",
    ),
    "the end of all calendars": (
        {
            "scheduled_departure": "9999-12-31T12:00Z",
            "scheduled_arrival": "9999-12-31T13:00Z",
        },
        "it is to leave at 9999-12-31 12:00 UTC",
    ),
    "before all calendars, at an airport that nobody knows": (
        {"origin": "ZZZ", "scheduled_departure": "0001-01-01T00:00+05:00"},
        "which no calendar has.",
    ),
    "no such offset": (
        {"scheduled_departure": "2013-06-10T10:30-99:00"},
        "which no calendar has.",
    ),
    "arrival before departure": (
        {"scheduled_arrival": "2013-06-10T06:00-07:00"},
        "are not up to 24 hours apart.",
    ),
    "days in the air": (
        {"scheduled_arrival": "2013-06-12T06:00-07:00"},
        "are not up to 24 hours apart.",
    ),
    "the past": (
        {"scheduled_departure": "2013-06-10T08:00-04:00"},
        "it is to leave at 2013-06-10 12:00 UTC, and now it is 2013-06-10 12:00 UTC.",
    ),
    "beyond the schedule": (
        {
            "scheduled_departure": "2013-06-11T08:00-04:00",
            "scheduled_arrival": "2013-06-11T12:00-07:00",
        },
        "it is to leave at 2013-06-11 12:00 UTC",
    ),
    "to where it is": ({"dest": "JFK"}, "it is to fly from JFK to JFK."),
    "unknown field": ({"tail": "N1"}, "has an unknown field 'tail'. Did you mean 'tailnum'?"),
}


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_answered_is_refused_by_its_row(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError) as caught:
        read(FLIGHT, FLIGHT | change)
    assert message in str(caught.value) and "Row 1 (the first is 0)" in str(caught.value)


@pytest.mark.parametrize("name", [name for name in FLIGHT if name != "tailnum"])
def test_each_field_but_the_tail_number_is_needed(name: str) -> None:
    with pytest.raises(DataError, match=f"Row 0 .* lacks {name}"):
        read({key: value for key, value in FLIGHT.items() if key != name})


@pytest.mark.parametrize("body", [b"", b"[", b"3", b'"x"', b"null", b"[[]]", b"{} {}", b"\xff"])
def test_what_is_no_list_of_flights_is_refused(body: bytes) -> None:
    with pytest.raises(DataError):
        READER.read(body, NOW)


def test_flights_side_by_side_and_a_name_said_twice_are_refused() -> None:
    one = json.dumps(FLIGHT).encode()
    with pytest.raises(DataError, match="2 flights stand side by side, in no list"):
        READER.read(one + b"," + one, NOW)
    for twice in (b', "carrier": "B6"}', b', "carrier": [[]], "carrier": "B6"}'):
        with pytest.raises(DataError, match="has 'carrier' twice"):
            READER.read(one[:-1] + twice, NOW)


def test_in_the_night_when_an_hour_comes_twice_flights_take_the_time_that_passes() -> None:
    reader = Flights({"JFK": "America/New_York", "BOS": "America/New_York"}, 1)
    before = datetime(2013, 11, 3, 5, tzinfo=UTC)

    def night(departure: str, arrival: str) -> dict[str, Any]:
        times = {"scheduled_departure": departure, "scheduled_arrival": arrival}
        body = json.dumps(FLIGHT | {"dest": "BOS"} | times).encode()
        return reader.read(body, before).table.row(0, named=True)

    row = night("2013-11-03T01:45-04:00", "2013-11-03T01:15-05:00")
    assert row["sched_arr_utc"] - row["sched_dep_utc"] == timedelta(minutes=30)
    with pytest.raises(DataError, match="are not up to 24 hours apart"):
        night("2013-11-03T01:30-05:00", "2013-11-03T01:50-04:00")


def test_no_flight_and_too_many_are_refused() -> None:
    for flights in ([], [FLIGHT] * 4):
        with pytest.raises(DataError, match="should hold 1 to 3 rows"):
            read(*flights)
