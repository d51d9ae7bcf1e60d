"""The network of the stage train_torch, ready to predict."""

from pathlib import Path

import torch

from include.flights.models import network
from include.flights.models.encoding import Encoder
from include.flights.serving.predictor import Predict


def load(weights: Path, _: Encoder, threads: int | None) -> Predict:
    """Load the network, which holds its encoder itself.

    Raises:
        DataError: the files hold none.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    return network.load(weights.parent, weights.name).predict
