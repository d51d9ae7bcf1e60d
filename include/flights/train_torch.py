"""Stage train_torch: learn which flights arrive late, with an ensemble of small networks."""

import os
import shutil
from pathlib import Path
from typing import Literal

import torch
from pydantic import ConfigDict, Field

from include import partitions, step
from include.errors import PipelineError
from include.flights import columns
from include.flights.models import encoding, training
from include.flights.models import history as months
from include.flights.models.curves import Curves
from include.flights.models.encoding import Encoder
from include.flights.models.history import History
from include.flights.splits import Splits, Window
from include.flights.tabm import checkpoints, epochs, layers, mapped, network, trainer
from include.flights.tabm.checkpoints import Checkpoint
from include.flights.tabm.network import Model, Network, Shape
from include.flights.tabm.trainer import Rows, Schedule
from include.step import Out

CHECKPOINTS = Path(".checkpoints/train_torch")
# What makes a checkpoint, beside data and params.
SOURCES = (columns, encoding, epochs, layers, mapped, months, network, trainer, training)


class Params(Shape, Schedule):
    """Section train_torch of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    category_min_rows: int = Field(
        ge=1, description="training rows below which a category counts as unknown"
    )
    device: Literal["auto", "cpu", "cuda"] = Field(description="auto: a GPU where there is one")
    threads: int = Field(ge=1, le=64, description="CPU threads; part of the result")
    refit: bool = Field(description="also train on all labelled flights, for packaging")


def train_torch(
    features: Path,
    model: Out,
    predictions: Out,
    metrics: Out,
    curves: Out,
    window: Window,
    splits: Splits,
    params: Params,
) -> None:
    """Train up to the best epoch on validation; write model, predictions, metrics, curves."""
    device = prepare(params)
    history = training.open_history(features, window, splits)
    flights = training.read_flights(history)
    key = partitions.content_key(
        *partitions.files(features), Path(__file__), *SOURCES, window, splits, params,
        torch.__version__, device,
    )  # fmt: skip
    folder = checkpoints.open_folder(CHECKPOINTS, key)
    encoder = fit_encoder(history, params)
    rows = mapped.encoded(history, encoder, CHECKPOINTS)
    train, validation = (
        rows.where((flights["split"] == name).to_numpy()) for name in ("train", "validation")
    )
    fitted = new_model(encoder, train, params, device)
    record, checkpoint = Curves(curves), Checkpoint(folder, "fit")
    progress = epochs.train(
        fitted.network, train, validation, params, params.epochs, checkpoint, record
    )
    probability = network.score(fitted.network, rows.numbers, rows.codes)
    fitted.save(model, {"epochs": progress.best_epoch})
    if params.refit:
        again = refit(fitted, rows, params, progress.best_epoch, Checkpoint(folder, "refit"))
        network.save_weights(again, model / network.REFIT)
    training.write_predictions(flights, probability, predictions)
    training.write_metrics(flights, probability, {"epochs": progress.best_epoch}, metrics)
    shutil.rmtree(folder, ignore_errors=True)


def fit_encoder(history: History, params: Params) -> Encoder:
    """Learn the categories of the training flights."""
    categories = columns.names("category")
    train = history.only("train").scan(categories)
    return Encoder.fit(train, columns.names("number"), categories, params.category_min_rows)


def new_model(encoder: Encoder, train: Rows, params: Params, device: torch.device) -> Model:
    """A network with random weights, whose numbers are cut as the training flights ask."""
    shape = Shape.model_validate(params.model_dump(include=set(Shape.model_fields)))
    net = new_network(encoder, shape, params.seed)
    net.numbers.cut(train.numbers)
    return Model(encoder, shape, net.to(device))


def refit(
    fitted: Model, rows: Rows, params: Params, best_epoch: int, checkpoint: Checkpoint
) -> Network:
    """Train anew on all labelled flights, for as many epochs as were best on validation."""
    print(f"refit on {len(rows.late):,} flights", flush=True)
    net = new_network(fitted.encoder, fitted.shape, params.seed)
    net.numbers.load_state_dict(fitted.network.numbers.state_dict())
    net.to(next(fitted.network.parameters()).device)
    epochs.train(net, rows, None, params, best_epoch, checkpoint, lambda values: None)
    return net


def new_network(encoder: Encoder, shape: Shape, seed: int) -> Network:
    """A network with random weights that follow from the seed."""
    torch.manual_seed(seed)
    return Network(len(encoder.number_names), encoder.cardinalities, shape)


def prepare(params: Params) -> torch.device:
    """Choose the device, and make it repeat itself.

    Raises:
        PipelineError: params ask for a GPU that is not there.
    """
    # cuBLAS repeats itself only with a fixed workspace, read when CUDA starts.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(params.threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    there = torch.cuda.is_available()
    if params.device == "cuda" and not there:
        raise PipelineError(
            "train_torch.device is cuda, but this machine has no GPU that torch can use.",
            "set train_torch.device to auto or cpu in params.yaml, or run the stage on a GPU.",
        )
    return torch.device("cuda" if there and params.device != "cpu" else "cpu")


if __name__ == "__main__":
    raise SystemExit(step.run(train_torch))
