"""Which flights are compared with which, over two years of one flight a day."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from include.flights.drifting.reading import read_periods
from include.flights.splits import Window
from include.monitoring import drift
from include.monitoring.periods import Periods
from include.monitoring.plain_columns import Kind
from include.monitoring.seasons import Season

FIRST = date(2012, 1, 1)
KINDS: dict[str, Kind] = {"temp_f": "number", "dest": "category"}


@pytest.fixture
def features(tmp_path: Path) -> Path:
    """A year and a half, one file a month; the temperature is the number of the day.

    In summer 2012 nobody flew to EYW, and in every other month someone did.
    """
    days = [FIRST + timedelta(days=day) for day in range(547)]
    summer = [day.year == 2012 and 5 <= day.month <= 7 for day in days]
    table = pl.DataFrame(
        {
            "date": days,
            "temp_f": [float(day) for day in range(547)],
            "dest": [
                "ATL" if none or day.day % 2 else "EYW"
                for none, day in zip(summer, days, strict=True)
            ],
        }
    )
    (tmp_path / "features").mkdir()
    for (month,), part in table.group_by(pl.col("date").dt.strftime("%Y-%m")):
        part.sort("date").write_parquet(tmp_path / f"features/{month}.parquet")
    return tmp_path / "features"


@pytest.fixture
def read(features: Path) -> tuple[Periods, Season]:
    """June 2013, by a model that learned up to April."""
    table = pl.read_parquet(sorted(features.glob("*.parquet"))).drop("temp_f", "dest")
    split = (
        pl.when(pl.col("date") < date(2013, 5, 1)).then(pl.lit("train")).otherwise(pl.lit("test"))
    )
    flights = table.with_columns(
        split=split, late=pl.int_range(547) % 3 == 0, probability=0.3, carrier=pl.lit("AA")
    )
    window = Window(start=FIRST, end=date(2013, 7, 1))
    return read_periods(features, flights, window, KINDS, (20, 10), seed=1)


def test_a_month_is_compared_with_its_season_of_the_year_before(
    read: tuple[Periods, Season],
) -> None:
    periods, season = read
    reference = periods.reference
    assert (reference.outcomes["date"].min(), reference.outcomes["date"].max()) == (
        date(2012, 5, 1),
        date(2012, 7, 31),
    )
    assert season.seasonal and "June of 2012" in season.sentence
    # The columns are those of the very flights that were drawn.
    assert len(reference.sample) == 20
    assert reference.sample["temp_f"].cast(pl.Int64).to_list() == reference.sample["row"].to_list()
    assert (len(periods.current.outcomes), len(periods.current.sample)) == (30, 10)
    names = [part.name for part in periods.months]
    assert (names[0], names[-1], len(names)) == ("2012-01", "2013-06", 18)
    assert [part.fitted for part in periods.months] == [True] * 16 + [False] * 2
    assert periods.counted and periods.counted[1]["temp_f"].rows == 30


def test_a_value_that_the_model_learned_in_another_season_is_known(
    read: tuple[Periods, Season],
) -> None:
    periods, _ = read
    assert periods.counted and periods.learned
    assert periods.counted[0]["dest"].values == {"ATL": 92}
    assert drift.unknown(KINDS, periods.learned, periods.counted[1]) == {"dest": 0.0}


def test_each_month_of_the_trend_has_its_own_season(read: tuple[Periods, Season]) -> None:
    months = {part.name: part.reference for part in read[0].months}
    held = {
        name: {(FIRST + timedelta(days=row)).strftime("%Y-%m") for row in reference["row"]}
        for name, reference in months.items()
        if reference is not None
    }
    assert held["2013-05"] == {"2012-04", "2012-05", "2012-06"}
    assert held["2013-02"] == {"2012-01", "2012-02", "2012-03"}
    assert len(held["2012-02"]) == 16  # no earlier year: all that the model learned from
