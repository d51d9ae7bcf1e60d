"""Flights as XGBoost takes them: encoded a month at a time, never all at once."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import xgboost as xgb
from numpy.typing import NDArray

from include.flights.models.encoding import Encoder
from include.flights.models.history import History


class Batches(xgb.DataIter):
    """The months of a history one after the other, as often as XGBoost begins anew."""

    def __init__(self, history: History, encoder: Encoder) -> None:
        super().__init__()
        self.history, self.encoder = history, encoder
        self.reset()

    def reset(self) -> None:
        """Begin with the first month."""
        self.tables = self.history.tables([*self.encoder.names, "late"])

    def next(self, input_data: Callable[..., Any]) -> bool:
        """Give the next month to XGBoost; False if there is none."""
        table = next(self.tables, None)
        if table is None:
            return False
        late = table.get_column("late").to_numpy()
        input_data(data=matrix(table, self.encoder), label=late, **described(self.encoder))
        return True


def quantized(
    history: History,
    encoder: Encoder,
    max_bin: int,
    threads: int,
    like: xgb.DMatrix | None = None,
) -> xgb.QuantileDMatrix:
    """The flights in bins: those of `like`, or else at most `max_bin` a feature."""
    # max_bin is needed again beside ref, or XGBoost takes 256.
    return xgb.QuantileDMatrix(
        Batches(history, encoder),
        ref=like,
        max_bin=max_bin,
        nthread=threads,
        enable_categorical=True,
    )


def predict(booster: xgb.Booster, table: pl.DataFrame, encoder: Encoder) -> NDArray[np.float64]:
    """The probability of a late arrival for each flight."""
    rows = xgb.DMatrix(matrix(table, encoder), enable_categorical=True, **described(encoder))
    return np.asarray(booster.predict(rows), dtype=np.float64)


def matrix(table: pl.DataFrame, encoder: Encoder) -> NDArray[np.float32]:
    """The features as one array, (rows, features): the numbers, then the codes."""
    return np.hstack([encoder.numbers(table), encoder.codes(table).astype(np.float32)])


def described(encoder: Encoder) -> dict[str, list[str]]:
    """Each feature's name, and XGBoost's word for it: q is a quantity, c a category."""
    kinds = ["q"] * len(encoder.number_names) + ["c"] * len(encoder.category_names)
    return {"feature_names": list(encoder.names), "feature_types": kinds}
