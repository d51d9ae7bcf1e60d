"""A text that says a time is read as that instant, whatever the rows around it look like."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from include.flights.ingestion import times

TIME = pl.Datetime("us", "UTC")


def read(*texts: str | None, kind: pl.DataType = TIME) -> list[object]:
    found = times.from_text(pl.Series("time_hour", texts, pl.String), kind)
    assert found is not None and found.dtype == kind
    return found.to_list()


SAID = {
    "2013-01-01T10:00:00Z": (10, 0, 0, 0),
    "2013-01-01t10:00:00z": (10, 0, 0, 0),
    "2013-01-01 10:00:00": (10, 0, 0, 0),
    "2013-01-01 10:00": (10, 0, 0, 0),
    "2013/1/1 9:05": (9, 5, 0, 0),
    "2013-01-01": (0, 0, 0, 0),
    "2013-01-01 10:00:00 UTC": (10, 0, 0, 0),
    "2013-01-01T15:30:00+05:30": (10, 0, 0, 0),
    "2013-01-01T15:30:00 +0530": (10, 0, 0, 0),
    "2013-01-01T05:00:00-05": (10, 0, 0, 0),
    "2013-01-01T05:00:00−05:00": (10, 0, 0, 0),
    "2013-01-01T10:00:00.123456Z": (10, 0, 0, 123456),
    "2013-01-01T10:00:00,5+00:00": (10, 0, 0, 500000),
    "2013-01-01T10:00:00.120000000Z": (10, 0, 0, 120000),
    " 2013-01-01T10:00:07Z ": (10, 0, 7, 0),
}


@pytest.mark.parametrize("text", SAID)
def test_a_time_is_read_as_its_instant(text: str) -> None:
    assert read(text) == [datetime(2013, 1, 1, *SAID[text], tzinfo=UTC)]


def test_each_row_may_be_written_in_its_own_way() -> None:
    expected = [datetime(2013, 1, 1, *clock, tzinfo=UTC) for clock in SAID.values()]
    assert read(*SAID, None, *reversed(SAID)) == [*expected, None, *reversed(expected)]


@pytest.mark.parametrize(
    "text",
    [
        "noon",
        "1357034400",
        "2013-02-30T10:00:00Z",
        "2013-01-01T24:00:00Z",
        "2013-01-01T10:60:00Z",
        # A leap second has no instant of its own here.
        "2016-12-31T23:59:60Z",
        # January or February? A guess may be wrong.
        "01/02/2013 10:00",
        "2013-01-01T10:00:00.123456789Z",
        "2013-01-01T10:00:00+99:99",
        "2013-01-01T10:00:00+05:30:15",
        "2013-01-01 10:00:00 America/New_York",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "2013-01-01T10:00:00+05:3é",
        "２０１３-01-01T10:00:00Z",
    ],
)
def test_what_says_no_instant_is_left_out(text: str) -> None:
    assert read("2013-01-01T10:00:00Z", text) == [datetime(2013, 1, 1, 10, tzinfo=UTC), None]


def test_a_time_without_a_zone_takes_no_text_with_one() -> None:
    assert read("2013-01-01 10:00", "2013-01-01 10:00Z", kind=pl.Datetime("us")) == [
        datetime(2013, 1, 1, 10),
        None,
    ]


def test_a_day_takes_no_text_with_a_time_of_day() -> None:
    assert read("2013-01-01", "2013-01-01 00:00", "2013-01-01 10:00", kind=pl.Date()) == [
        date(2013, 1, 1),
        date(2013, 1, 1),
        None,
    ]


def test_milliseconds_take_no_microsecond() -> None:
    assert read("2013-01-01 10:00:00.123", "2013-01-01 10:00:00.1234", kind=pl.Datetime("ms", "UTC")) == [
        datetime(2013, 1, 1, 10, 0, 0, 123000, tzinfo=UTC),
        None,
    ]  # fmt: skip
