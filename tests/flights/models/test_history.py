"""A history gives its flights a month at a time, in the order of its files."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from include.flights.models.history import History
from include.flights.splits import Splits, Window

WINDOW = Window(start=date(2013, 1, 10), end=date(2013, 5, 1))
SPLITS = Splits(validation_months=1, test_months=1)


def write(folder: Path, month: int) -> None:
    """Two flights, on the 3rd and the 20th."""
    days = [date(2013, month, 3), date(2013, month, 20)]
    table = pl.DataFrame({"flight_id": [f"m{month}a", f"m{month}b"], "date": days})
    table.write_parquet(folder / f"2013-{month:02}.parquet")


@pytest.fixture
def history(tmp_path: Path) -> History:
    for month in (4, 2, 1, 3):
        write(tmp_path, month)
    return History.open(tmp_path, WINDOW, SPLITS)


def test_months_come_in_order_with_the_split_of_each_flight(history: History) -> None:
    months = [month.rows() for month in history.tables(["flight_id", "split"])]
    assert months == [
        [("m1b", "train")],
        [("m2a", "train"), ("m2b", "train")],
        [("m3a", "validation"), ("m3b", "validation")],
        [("m4a", "test"), ("m4b", "test")],
    ]


def test_all_months_as_one_table_are_in_the_same_order(history: History) -> None:
    one_by_one = pl.concat(list(history.tables(["flight_id", "date"])))
    assert history.scan(["flight_id", "date"]).collect().equals(one_by_one)


def test_months_without_a_flight_of_the_split_are_passed_over(history: History) -> None:
    months = list(history.only("validation", "test").tables(["flight_id"]))
    assert [month["flight_id"][0] for month in months] == ["m3a", "m4a"]


def test_a_month_is_read_when_it_is_its_turn(history: History, tmp_path: Path) -> None:
    months = history.tables(["flight_id"])
    assert next(months).rows() == [("m1b",)]
    (tmp_path / "2013-02.parquet").unlink()
    with pytest.raises(FileNotFoundError):
        next(months)
