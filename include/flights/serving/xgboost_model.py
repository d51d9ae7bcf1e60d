"""The trees of the stage train_xgboost, ready to predict."""

from pathlib import Path

import numpy as np

from include.flights.models.encoding import Codes, Encoder, Numbers
from include.flights.serving.predictor import Predict, Probabilities, damaged
from include.flights.trees import dense, xgb


def load(weights: Path, encoder: Encoder, threads: int | None) -> Predict:
    """Load the trees.

    Raises:
        DataError: the file holds none, or those of other features.
    """
    booster = xgb.Booster({} if threads is None else {"nthread": threads})
    try:
        booster.load_model(weights)
    except xgb.core.XGBoostError as error:
        raise damaged(weights, str(error)) from None
    if tuple(booster.feature_names or ()) != encoder.names:
        raise damaged(weights, "its features are not those of model.json")

    def predict(numbers: Numbers, codes: Codes) -> Probabilities:
        return dense.predict(booster, np.hstack([numbers, codes.astype(np.float32)]))

    return predict
