"""What both trainings share: the rows they learn from, the scores and predictions they write."""

import json
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from include import partitions
from include.errors import DataError, did_you_mean
from include.flights import columns
from include.flights.models.encoding import require
from include.flights.models.history import History
from include.flights.splits import Splits, Window
from include.monitoring import performance

MAKE_FEATURES = "run `dvc repro build_features`, which writes it."
METRICS = {
    "auc": performance.auc,
    "average_precision": performance.average_precision,
    "log_loss": performance.log_loss,
    "brier": performance.brier,
}


def open_history(features: Path, window: Window, splits: Splits) -> History:
    """The labelled flights of the window, a month at a time.

    Raises:
        DataError: there is no month, or one lacks a column.
    """
    files = partitions.files(features)
    if not files:
        raise DataError(f"{features} holds no month of features.", MAKE_FEATURES)
    for file in files:
        held = pl.read_parquet_schema(file)
        for name in ("flight_id", "date", "late"):
            if name not in held:
                what = f"{features} has no column {name!r}.{did_you_mean(name, held)}"
                raise DataError(what, MAKE_FEATURES)
        require(list(held), columns.names())
    return History.open(features, window, splits)


def read_flights(history: History) -> pl.DataFrame:
    """Who the flights are and how they ended: flight_id, date, split, late.

    Raises:
        DataError: the training or the validation flights are none, all late or all punctual.
    """
    flights = history.scan(["flight_id", "date", "split", "late"]).collect()
    for name in ("train", "validation"):
        see_that_both_are_there(flights.filter(split=name).get_column("late"), name)
    return flights


def see_that_both_are_there(late: pl.Series, split: str) -> None:
    """Raise DataError unless some flights of the split are late, and some are not."""
    if late.is_empty():
        raise DataError(
            f"The split {split} holds no labelled flight.",
            "set window and splits in params.yaml so that it covers days with flights.",
        )
    if late.n_unique() < 2:
        kind = "late" if late[0] else "punctual"
        raise DataError(
            f"All {len(late):,} flights of the split {split} are {kind}: nothing can be learned.",
            "widen the window, change splits, or change label.late_after_min in params.yaml.",
        )


def scores(late: NDArray[np.bool_], probability: NDArray[np.float64]) -> dict[str, float]:
    """How good the probabilities are: auc, average_precision, log_loss, brier."""
    period = performance.Period(late, np.zeros(len(late), dtype=np.int64), np.ones((1, 1)))
    return {name: float(metric(period, probability)[0]) for name, metric in METRICS.items()}


def write_metrics(
    flights: pl.DataFrame, probability: NDArray[np.float64], about: dict[str, object], path: Path
) -> None:
    """Score training and validation flights; the test period is evaluate_models' alone."""
    late, split = flights.get_column("late").to_numpy(), flights.get_column("split")
    within = {name: (split == name).to_numpy() for name in ("train", "validation", "test")}
    held: dict[str, object] = {
        name: scores(late[within[name]], probability[within[name]])
        for name in ("validation", "train")
    }
    rows = {name: int(part.sum()) for name, part in within.items()}
    path.write_text(json.dumps(held | about | {"rows": rows}, indent=2) + "\n")


def write_predictions(flights: pl.DataFrame, probability: NDArray[np.float64], path: Path) -> None:
    """Write one row per labelled flight, in the order of the table."""
    kept = flights.select("flight_id", "date", "split", "late")
    kept.with_columns(probability=pl.Series(probability)).write_parquet(path)
