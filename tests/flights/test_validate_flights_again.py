"""What validate_flights does the second time: only what is new, with the same result."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from small_months import SUITES, Place, contents, edit, flights

from include.errors import DataError
from include.flights.splits import Window


@pytest.fixture(scope="session")
def checked_place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("checked") / "place").fill().run()


@pytest.fixture
def place(checked_place: Place, tmp_path: Path) -> Place:
    """A place where the good months were checked: what a test changes is checked again."""
    return checked_place.copy(tmp_path / "place")


def test_an_unchanged_month_is_not_checked_again(place: Place) -> None:
    before = place.run().checked()
    place.put("flights", 2, flights(2, rows=19))
    after = place.run().checked()
    assert len(before) == 7
    assert {name for name in before if before[name] != after[name]} == {"flights 2013-02"}


def test_an_edited_suite_checks_its_table_again(place: Place) -> None:
    before = place.run().checked()
    edit(place, "weather", lambda suite: suite["expectations"].pop())
    after = place.run().checked()
    again = {name for name in before if before[name] != after[name]}
    assert again == {"weather 2013-01", "weather 2013-02"}


def test_a_changed_list_checks_only_the_tables_that_refer_to_it(place: Place) -> None:
    before = place.run().checked()
    table = pl.DataFrame({"carrier": ["UA", "ZZ"], "name": ["United", "New"]})
    table.write_parquet(place.raw / "reference" / "airlines.parquet")
    after = place.run().checked()
    again = {name for name in before if before[name] != after[name]}
    assert again == {"flights 2013-01", "flights 2013-02", "reference airlines"}


def test_a_month_that_left_the_window_goes(place: Place) -> None:
    place.run().run(window=Window(start=date(2013, 2, 1), end=date(2013, 3, 1)))
    for folder in ("validated/flights", "validated/weather", "quarantine/flights"):
        names = {path.name for path in (place.root / "made" / folder).glob("*.parquet")}
        assert names == {"2013-02.parquet"}
    assert not (place.root / "made/docs/flights-2013-01.html").exists()


def test_a_run_after_a_failure_leaves_what_a_first_run_would(
    tmp_path: Path, checked_place: Place
) -> None:
    again = Place(tmp_path / "again").fill()
    again.spoil("flights", pl.lit(0).alias("distance_mi"), rows=tuple(range(12)))
    with pytest.raises(DataError):
        again.run()
    again.put("flights", 1, flights(1))
    (again.root / "made/quarantine/.flights.2013-01.1").mkdir()  # left by a killed run
    assert contents(checked_place) == contents(again.run())


def test_an_unchanged_run_does_not_import_great_expectations(place: Place) -> None:
    code = (
        "import sys; from pathlib import Path; from small_months import Place; "
        "Place(Path(sys.argv[1])).run(); assert 'great_expectations' not in sys.modules"
    )
    folders = os.pathsep.join([str(SUITES.parents[2]), str(Path(__file__).parent)])
    ran = subprocess.run(
        [sys.executable, "-c", code, str(place.root)],
        env={**os.environ, "PYTHONPATH": folders},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("0 of 7 tables checked now")
