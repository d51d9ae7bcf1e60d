"""A year of a few flights a day, with predictions of two models, as files."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from include.flights.evaluation.judgement import Params
from include.flights.splits import Splits, Window

WINDOW = Window(start=date(2013, 1, 1), end=date(2013, 7, 1))
SPLITS = Splits(validation_months=2, test_months=2)
PARAMS = Params.model_validate(
    {
        "choice": {
            "choose_by": "auc",
            "candidates": "auto",
            "min_gain": 0.001,
            "calibrate": "none",
            "folds": 4,
        },
        "baselines": {
            "rate_by": ["carrier", "sched_dep_hour"],
            "prior_rows": 20,
            "schedule": ["carrier", "origin", "sched_dep_hour"],
            "rounds": 5,
            "max_depth": 3,
            "learning_rate": 0.3,
            "threads": 1,
        },
        "resamples": 50,
        "confidence": 0.9,
        "seed": 3,
        "calibration_bins": 5,
        "max_calibration_error": 0.02,
        "thresholds": [0.3, 0.5],
        "hour_bands": [0, 12],
        "min_rows": 100,
    }
)


def write(folder: Path, carrier: str = "B6", helpful: bool = True) -> dict[str, Path]:
    """Write features and predictions.

    Args:
        carrier: name of one of the three carriers.
        helpful: whether the models know what makes flights late.

    Returns:
        The inputs of evaluate_models by the names of its parameters.
    """
    random, rows = np.random.default_rng(5), 181 * 20
    one, other = random.normal(size=(2, rows))
    late = random.random(rows) < 1 / (1 + np.exp(1.2 - one - other))
    flights = pl.DataFrame(
        {
            "flight_id": [f"f{row}" for row in range(rows)],
            "date": [date(2013, 1, 1) + timedelta(days=row // 20) for row in range(rows)],
            "late": late,
            "carrier": [("UA", carrier, "HA")[min(row % 40, 2)] for row in range(rows)],
            "origin": ["JFK" if row % 3 else "LGA" for row in range(rows)],
            "sched_dep_hour": pl.Series(
                [float(row % 20 + 4) for row in range(rows)], dtype=pl.Float32
            ),
        }
    ).with_columns(split=SPLITS.expression(WINDOW))
    (folder / "features").mkdir(parents=True)
    for (month,), part in flights.drop("split").group_by(pl.col("date").dt.strftime("%Y-%m")):
        part.sort("date", maintain_order=True).write_parquet(folder / f"features/{month}.parquet")
    (folder / "predictions").mkdir()
    for name, seen in (("xgboost", one), ("torch", other)):
        score = 0.9 * seen - 1 if helpful else random.normal(size=rows)
        table = flights.select("flight_id", "date", "split", "late")
        table = table.with_columns(probability=pl.Series(1 / (1 + np.exp(-score))))
        table.write_parquet(folder / f"predictions/{name}.parquet")
    return {"features": folder / "features", "predictions": folder / "predictions"}
