"""What groups of features are worth to XGBoost, on the validation period.

Run: `python -m benchmarks.feature_worth`, after `make repro`. It trains with params.yaml as it is
once for each line, and writes nothing but these lines. About three minutes on two cores.
"""

import argparse
import contextlib
import io
import json
import tempfile
from pathlib import Path

from include.flights import columns
from include.flights.splits import Splits, Window
from include.flights.train_xgboost import Params, train_xgboost
from include.step import read_params

MOMENT = {"origin_congestion", "carrier_origin_congestion"}
SCHEDULE = {"flight_schedule", "flight"}
LEFT_OUT = {
    "all features": set[str](),
    "without the tail number": {"aircraft", "aircraft_last_leg"},
    "without weather": {"origin_weather"},
    "without the congestion of the moment": MOMENT,
    "with the schedule alone": {column.view for column in columns.FEATURES} - SCHEDULE,
}


def main() -> None:
    """Print the area under the ROC curve of each training."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    every = columns.FEATURES
    for name, views in LEFT_OUT.items():
        columns.FEATURES = tuple(column for column in every if column.view not in views)
        print(f"{name:38}{len(columns.FEATURES):4} features  AUC {auc():.3f}", flush=True)


def auc() -> float:
    """The area under the ROC curve of one training, on the validation period."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        outs = {name: Path(folder) / name for name in ("model", "predictions", "metrics", "curves")}
        train_xgboost(
            Path("data/features"),
            **outs,
            window=read_params("window", Window),
            splits=read_params("splits", Splits),
            params=read_params("train_xgboost", Params),
        )
        return float(json.loads(outs["metrics"].read_text())["validation"]["auc"])


if __name__ == "__main__":
    main()
