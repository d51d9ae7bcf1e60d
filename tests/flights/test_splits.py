"""Which months train, choose and judge, counted by hand."""

from datetime import date

import polars as pl
import pytest
from pydantic import ValidationError

from include.errors import ParamsError
from include.flights.splits import Label, Splits, Window, add_months

YEAR = Window(start=date(2013, 1, 1), end=date(2014, 1, 1))
TWO_AND_TWO = Splits(validation_months=2, test_months=2)


def test_a_year_trains_to_august_and_is_judged_from_november() -> None:
    assert TWO_AND_TWO.boundaries(YEAR) == (date(2013, 9, 1), date(2013, 11, 1))


@pytest.mark.parametrize(
    ("day", "split"),
    [
        (date(2013, 1, 1), "train"),
        (date(2013, 8, 31), "train"),
        (date(2013, 9, 1), "validation"),
        (date(2013, 10, 31), "validation"),
        (date(2013, 11, 1), "test"),
        (date(2013, 12, 31), "test"),
    ],
    ids=str,
)
def test_each_day_is_in_one_split(day: date, split: str) -> None:
    table = pl.DataFrame({"date": [day]})
    assert table.select(TWO_AND_TWO.expression(YEAR)).item() == split


def test_another_column_may_hold_the_day() -> None:
    table = pl.DataFrame({"day": [date(2013, 12, 24)]})
    assert table.select(TWO_AND_TWO.expression(YEAR, "day")).item() == "test"


def test_a_begun_month_counts_as_a_month() -> None:
    window = Window(start=date(2013, 1, 1), end=date(2013, 12, 2))
    # December (one day of it) and November judge; October and September choose.
    assert TWO_AND_TWO.boundaries(window) == (date(2013, 9, 1), date(2013, 11, 1))


def test_a_month_later_moves_every_boundary_by_a_month() -> None:
    window = Window(start=date(2013, 1, 1), end=date(2014, 2, 1))
    assert TWO_AND_TWO.boundaries(window) == (date(2013, 10, 1), date(2013, 12, 1))


def test_the_shortest_window_trains_on_one_month() -> None:
    window = Window(start=date(2013, 1, 1), end=date(2013, 6, 1))
    assert TWO_AND_TWO.boundaries(window) == (date(2013, 2, 1), date(2013, 4, 1))


def test_a_window_without_a_month_to_train_on_is_an_error() -> None:
    window = Window(start=date(2013, 1, 1), end=date(2013, 5, 1))
    with pytest.raises(ParamsError) as raised:
        TWO_AND_TWO.boundaries(window)
    assert str(raised.value) == (
        "The window 2013-01-01 to 2013-05-01 has 4 months; 2 validate and 2 test, so none train.\n"
        "  Next: move window.end later, or lower splits.validation_months or splits.test_months."
    )


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2013-01-01", "2013-02-01", ["2013-01-01"]),
        ("2013-01-01", "2013-02-02", ["2013-01-01", "2013-02-01"]),
        ("2013-01-31", "2013-02-01", ["2013-01-01"]),
        ("2013-12-15", "2014-01-15", ["2013-12-01", "2014-01-01"]),
    ],
    ids=["a month", "a day more", "its last day", "over new year"],
)
def test_a_window_touches_these_months(start: str, end: str, months: list[str]) -> None:
    window = Window.model_validate({"start": start, "end": end})
    assert [str(month) for month in window.months()] == months


@pytest.mark.parametrize("end", ["2013-01-01", "2012-12-31"], ids=["of no day", "backwards"])
def test_a_window_ends_after_it_starts(end: str) -> None:
    with pytest.raises(ValidationError, match=f"window.end {end} must be after window.start 2013"):
        Window.model_validate({"start": "2013-01-01", "end": end})


@pytest.mark.parametrize(
    ("day", "months", "found"),
    [
        (date(2013, 1, 31), 1, date(2013, 2, 1)),
        (date(2013, 12, 5), 1, date(2014, 1, 1)),
        (date(2013, 1, 5), -1, date(2012, 12, 1)),
        (date(2013, 3, 1), 0, date(2013, 3, 1)),
        (date(2013, 3, 1), -27, date(2010, 12, 1)),
    ],
    ids=["to february", "over new year", "back over it", "none", "back two years"],
)
def test_months_are_added_to_the_first_of_a_month(day: date, months: int, found: date) -> None:
    assert add_months(day, months) == found


@pytest.mark.parametrize("minutes", [-1, 601, 7.5], ids=["negative", "too many", "half a minute"])
def test_a_limit_of_lateness_is_a_sensible_number_of_minutes(minutes: float) -> None:
    with pytest.raises(ValidationError):
        Label.model_validate({"late_after_min": minutes})
