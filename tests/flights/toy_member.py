"""A third model: it gives every flight the probability that its file holds."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from include.flights.models.encoding import Encoder


def load(
    weights: Path, encoder: Encoder, threads: int | None
) -> Callable[[pl.DataFrame], NDArray[np.float64]]:
    probability = float(weights.read_text())
    return lambda table: np.full(table.height, probability)
