"""The network of the stage train_torch, ready to predict."""

from pathlib import Path

import torch

from include.flights.models.encoding import Encoder
from include.flights.serving.predictor import Predict
from include.flights.tabm import network


def load(weights: Path, _: Encoder, threads: int | None) -> Predict:
    """Load the network.

    Raises:
        DataError: the files hold none.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    return network.load(weights.parent, weights.name).score
