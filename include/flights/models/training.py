"""What both trainings share: the rows they learn from, the scores and predictions they write."""

import json
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from include import partitions
from include.errors import DataError, did_you_mean
from include.flights.splits import Splits, Window
from include.monitoring import performance

MAKE_FEATURES = "run `dvc repro build_features`, which writes it."
METRICS = {
    "auc": performance.auc,
    "average_precision": performance.average_precision,
    "log_loss": performance.log_loss,
    "brier": performance.brier,
}


def read_rows(features: Path, window: Window, splits: Splits) -> pl.DataFrame:
    """The labelled flights of the window, with the column `split`.

    Raises:
        DataError: the features lack flights or a column, or the training or the validation
            flights are none, all late or all punctual.
    """
    if not partitions.files(features):
        raise DataError(f"{features} holds no month of features.", MAKE_FEATURES)
    table = partitions.scan(features)
    held = table.collect_schema().names()
    for name in ("flight_id", "date", "late"):
        if name not in held:
            what = f"{features} has no column {name!r}.{did_you_mean(name, held)}"
            raise DataError(what, MAKE_FEATURES)
    inside = pl.col("date").is_between(window.start, window.end, closed="left")
    split = splits.expression(window).alias("split")
    rows = table.filter(inside).with_columns(split).collect()
    for name in ("train", "validation"):
        check(rows.filter(split=name).get_column("late"), name)
    return rows


def check(late: pl.Series, split: str) -> None:
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
    table: pl.DataFrame, probability: NDArray[np.float64], about: dict[str, object], path: Path
) -> None:
    """Score training and validation flights; the test period is evaluate_models' alone."""
    late = table.get_column("late").to_numpy()
    split = table.get_column("split").to_numpy()
    held: dict[str, object] = {
        name: scores(late[split == name], probability[split == name])
        for name in ("validation", "train")
    }
    rows = {name: int((split == name).sum()) for name in ("train", "validation", "test")}
    path.write_text(json.dumps(held | about | {"rows": rows}, indent=2) + "\n")


def write_predictions(table: pl.DataFrame, probability: NDArray[np.float64], path: Path) -> None:
    """Write one row per labelled flight, in the order of the table."""
    kept = table.select("flight_id", "date", "split", "late")
    kept.with_columns(probability=pl.Series(probability)).write_parquet(path)
