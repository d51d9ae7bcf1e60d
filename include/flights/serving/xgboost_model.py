"""The trees of the stage train_xgboost, ready to predict."""

from pathlib import Path

import numpy as np
import polars as pl
import xgboost

from include.flights.models.encoding import Encoder
from include.flights.serving.predictor import Predict, Probabilities, damaged


def load(weights: Path, encoder: Encoder, threads: int | None) -> Predict:
    """Load the trees.

    Raises:
        DataError: the file holds none, or those of other features.
    """
    booster = xgboost.Booster({} if threads is None else {"nthread": threads})
    try:
        booster.load_model(weights)
    except xgboost.core.XGBoostError as error:
        raise damaged(weights, str(error)) from None
    if tuple(booster.feature_names or ()) != encoder.names:
        raise damaged(weights, "its features are not those of model.json")

    def predict(table: pl.DataFrame) -> Probabilities:
        codes = encoder.codes(table).astype(np.float32)
        matrix = np.hstack([encoder.numbers(table), codes])
        return np.asarray(booster.inplace_predict(matrix), dtype=np.float64)

    return predict
