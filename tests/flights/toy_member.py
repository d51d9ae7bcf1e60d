"""A third model: it gives every flight the probability that its file holds."""

from pathlib import Path

import numpy as np

from include.flights.models.encoding import Encoder
from include.flights.serving.predictor import Predict


def load(weights: Path, encoder: Encoder, threads: int | None) -> Predict:
    probability = float(weights.read_text())
    return lambda numbers, codes: np.full(len(numbers), probability)
