"""Predictions join the features row for row, or the stage stops and says why."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from include.errors import DataError
from include.flights.members.predictions import read_flights, read_members, read_predictions
from include.flights.splits import Splits, Window
from include.monitoring.performance import Floats

WINDOW = Window(start=date(2013, 1, 1), end=date(2013, 5, 1))
SPLITS = Splits(validation_months=1, test_months=1)
FIX = "\n  Next: run `dvc repro train_torch`, which predicts them anew."
OTHER_PERIOD = "\n  Next: move window.end, or change splits or label in params.yaml."


@pytest.fixture
def features(tmp_path: Path) -> Path:
    """Four months of two flights, one of them late."""
    folder = tmp_path / "features"
    folder.mkdir()
    for month in range(1, 5):
        table = pl.DataFrame(
            {
                "flight_id": [f"m{month}a", f"m{month}b"],
                "date": [date(2013, month, 3), date(2013, month, 20)],
                "late": [False, True],
                "carrier": ["UA", "B6"],
            }
        )
        table.write_parquet(folder / f"2013-{month:02}.parquet")
    return folder


@pytest.fixture
def flights(features: Path) -> pl.DataFrame:
    return read_flights(features, ["carrier"], WINDOW, SPLITS)


def read(flights: pl.DataFrame, table: pl.DataFrame, folder: Path) -> Floats:
    """Write predictions of torch, and read them back against the flights."""
    path = folder / "torch.parquet"
    table.write_parquet(path)
    return read_predictions("torch", path, flights)


def predicted(flights: pl.DataFrame) -> pl.DataFrame:
    """Predictions as a training stage writes them."""
    columns = flights.select("flight_id", "date", "split", "late")
    return columns.with_columns(probability=pl.int_range(pl.len()) / 10)


def test_flights_have_their_split_and_the_columns_asked_for(flights: pl.DataFrame) -> None:
    assert flights["split"].to_list() == ["train"] * 4 + ["validation"] * 2 + ["test"] * 2
    assert flights.columns == ["flight_id", "date", "late", "carrier", "split"]


def test_probabilities_come_in_the_order_of_the_flights(
    flights: pl.DataFrame, tmp_path: Path
) -> None:
    risks = read(flights, predicted(flights), tmp_path)
    assert risks == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])


def test_a_column_that_the_features_lack_is_named(features: Path) -> None:
    with pytest.raises(DataError) as error:
        read_flights(features, ["carier"], WINDOW, SPLITS)
    assert str(error.value) == (
        f"{features} has no column 'carier'. Did you mean 'carrier'?\n"
        "  Next: name columns of include/flights/columns.py in evaluate_models of params.yaml."
    )


def test_a_test_period_of_one_outcome_stops(features: Path) -> None:
    path = features / "2013-04.parquet"
    pl.read_parquet(path).with_columns(late=pl.lit(True)).write_parquet(path)
    with pytest.raises(DataError) as error:
        read_flights(features, [], WINDOW, SPLITS)
    assert str(error.value) == (
        "All 2 flights of the test period, 2013-04-03 to 2013-04-20, are late." + OTHER_PERIOD
    )


def test_a_test_period_without_flights_stops(features: Path) -> None:
    (features / "2013-04.parquet").unlink()
    with pytest.raises(DataError) as error:
        read_flights(features, [], WINDOW, SPLITS)
    assert str(error.value) == "The test period holds no flight." + OTHER_PERIOD


Change = Callable[[pl.DataFrame], pl.DataFrame]
WRONG: dict[str, tuple[Change, str]] = {
    "a flight is missing": (
        lambda table: table.head(7),
        "holds 7 flights and the features 8: 1 have no prediction (m4b).",
    ),
    "a flight is strange": (
        lambda table: table.with_columns(flight_id=pl.col("flight_id").replace("m1a", "x")),
        "holds 8 flights and the features 8: 1 have no prediction (m1a); "
        "1 are not in the features (x).",
    ),
    "a flight is there twice": (
        lambda table: pl.concat([table, table.head(1)]),
        "holds 9 flights and the features 8: some are there more than once (m1a).",
    ),
    "two rows are swapped": (
        lambda table: table[[0, 1, 3, 2, 4, 5, 6, 7]],
        "holds 8 flights and the features 8: the order differs from row 3 on (m2b, not m2a).",
    ),
    "other splits": (
        lambda table: table.with_columns(split=pl.col("split").replace("test", "train")),
        "has another split than the features for 2 flights, the first of them m4a.",
    ),
    "another label": (
        lambda table: table.with_columns(late=pl.col("late") | (pl.col("flight_id") == "m3a")),
        "has another late than the features for 1 flights, the first of them m3a.",
    ),
    "not a number": (
        lambda table: table.with_columns(
            probability=pl.when(pl.col("late")).then(float("nan")).otherwise("probability")
        ),
        "has 4 probabilities that are not numbers from 0 to 1: m1b, m2b, m3b, m4b.",
    ),
    "an empty probability": (
        lambda table: table.with_columns(
            probability=pl.when(pl.col("flight_id") != "m1a").then("probability")
        ),
        "has 1 probabilities that are not numbers from 0 to 1: m1a.",
    ),
    "a percentage": (
        lambda table: table.with_columns(probability=pl.col("probability") * 10),
        "has 6 probabilities that are not numbers from 0 to 1: m2a, m2b, m3a, m3b, m4a, m4b.",
    ),
    "a renamed column": (
        lambda table: table.rename({"probability": "p"}),
        "has no column probability; it has flight_id, date, split, late, p.",
    ),
}


def test_each_member_that_trains_is_asked_for(flights: pl.DataFrame, tmp_path: Path) -> None:
    predicted(flights).write_parquet(tmp_path / "xgboost.parquet")
    with pytest.raises(DataError) as error:
        read_members(tmp_path, flights)
    assert str(error.value) == f"{tmp_path}/torch.parquet does not exist.{FIX}"
    predicted(flights).write_parquet(tmp_path / "torch.parquet")
    assert list(read_members(tmp_path, flights)) == ["xgboost", "torch"]


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG.keys())
def test_predictions_that_do_not_fit_the_features_stop(
    change: Change, message: str, flights: pl.DataFrame, tmp_path: Path
) -> None:
    with pytest.raises(DataError) as error:
        read(flights, change(predicted(flights)), tmp_path)
    assert str(error.value) == f"{tmp_path / 'torch.parquet'} {message}{FIX}"
