"""What both trainings write, on numbers worked out by hand."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from include.flights.models.training import scores, write_metrics, write_predictions

LATE = np.array([False, False, True, True])
PROBABILITY = np.array([0.1, 0.6, 0.4, 0.9])
TABLE = pl.DataFrame(
    {
        "flight_id": ["a", "b", "c", "d", "e"],
        "date": [date(2013, 1, day) for day in range(1, 6)],
        "split": ["train", "train", "validation", "validation", "test"],
        "late": [False, True, True, False, True],
        "delay_mean": [1.0, 2.0, 3.0, 4.0, 5.0],
    }
)


def test_scores_are_those_worked_out_by_hand():
    # 3 of 4 pairs in order; late flights stand first and third; squares .01, .36, .36, .01.
    expected = {"auc": 0.75, "average_precision": 5 / 6, "brier": 0.185}
    expected["log_loss"] = -np.log([0.9, 0.4, 0.4, 0.9]).mean()
    assert scores(LATE, PROBABILITY) == pytest.approx(expected)


def test_metrics_hold_validation_and_training_and_nothing_of_the_test_period(tmp_path: Path):
    path = tmp_path / "metrics.json"
    texts = []
    for test in (0.0, 1.0):
        probability = np.array([0.1, 0.8, 0.3, 0.4, test])
        write_metrics(TABLE, probability, {"epochs": 3}, path)
        texts.append(path.read_text())
    assert texts[0] == texts[1]
    held = json.loads(texts[0])
    assert list(held) == ["validation", "train", "epochs", "rows"]
    assert (held["train"]["auc"], held["validation"]["auc"], held["epochs"]) == (1, 0, 3)
    assert held["rows"] == {"train": 2, "validation": 2, "test": 1}


def test_predictions_keep_the_order_and_five_columns(tmp_path: Path):
    path = tmp_path / "predictions.parquet"
    write_predictions(TABLE, np.array([0.1, 0.8, 0.3, 0.4, 0.5]), path)
    written = pl.read_parquet(path)
    assert written.columns == ["flight_id", "date", "split", "late", "probability"]
    assert written.row(3) == ("d", date(2013, 1, 4), "validation", False, 0.4)
    assert written.schema["probability"] == pl.Float64
