"""The rows of a window: refused if they cannot be, and drawn always alike."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from small_windows import NAMES, parcels, window_of

from include.errors import DataError
from include.monitoring.windows import checked, drawn


def test_a_window_says_how_many_rows_it_has_and_who_scored_them():
    assert checked(parcels(2, rows=40).lazy(), window_of(2), NAMES) == (40, "v0.0.1")


def test_a_row_without_an_id_is_refused():
    table = parcels(2, rows=3).with_columns(id=pl.Series(["a", "b", None]))
    with pytest.raises(DataError, match="3 parcels in 2013-02-01 to 2013-03-01 have 3 ids"):
        checked(table.lazy(), window_of(2), NAMES)


@pytest.mark.parametrize("day", [date(2013, 1, 31), date(2013, 3, 1), None], ids=str)
def test_a_row_of_another_window_is_refused(day):
    table = parcels(2, rows=2).with_columns(day=pl.Series([day, date(2013, 2, 28)], dtype=pl.Date))
    with pytest.raises(DataError) as error:
        checked(table.lazy(), window_of(2), NAMES)
    assert str(error.value) == (
        "1 of 2 parcels are not of 2013-02-01 to 2013-03-01: 2-0.\n"
        "  Next: make the scores anew, and see what wrote them."
    )


def test_a_draw_keeps_the_order_and_is_always_the_same(tmp_path: Path):
    table = pl.DataFrame({"row": range(1000)})
    for part in range(4):  # as files of one table
        table.slice(250 * part, 250).write_parquet(tmp_path / f"{part}.parquet")
    found = drawn(pl.scan_parquet(tmp_path / "*.parquet"), 1000, 100, seed=7)
    assert found.height == 100 and found["row"].is_sorted()
    assert found.equals(drawn(table.lazy(), 1000, 100, seed=7))
    assert not found.equals(drawn(table.lazy(), 1000, 100, seed=8))
    assert drawn(table.lazy(), 1000, 1000, seed=7).equals(table)
