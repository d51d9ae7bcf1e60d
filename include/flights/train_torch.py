"""Stage train_torch: learn which flights arrive late, with an ensemble of small networks."""

import os
import shutil
from pathlib import Path
from typing import Literal

import polars as pl
import torch
from pydantic import ConfigDict, Field

from include import partitions, step
from include.errors import PipelineError
from include.flights import columns
from include.flights.models import checkpoints, encoding, epochs, layers, network, trainer, training
from include.flights.models.checkpoints import Checkpoint
from include.flights.models.curves import Record, recording
from include.flights.models.encoding import Encoder
from include.flights.models.epochs import Progress
from include.flights.models.network import Model, Network, Shape
from include.flights.models.trainer import Rows, Schedule
from include.flights.splits import Splits, Window
from include.step import Out

CHECKPOINTS = Path(".checkpoints/train_torch")


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
    table = training.read_rows(features, window, splits)
    sources = [columns, encoding, epochs, layers, network, trainer, training]
    key = partitions.content_key(
        *partitions.files(features), Path(__file__), *sources, window, splits, params,
        torch.__version__, device,
    )  # fmt: skip
    folder = checkpoints.open_folder(CHECKPOINTS, key)
    with recording(curves) as record:
        fitted, progress = fit(table, params, device, Checkpoint(folder, "fit"), record)
    probability = fitted.predict(table)
    fitted.save(model, {"epochs": progress.best_epoch})
    if params.refit:
        again = refit(fitted, table, params, progress.best_epoch, Checkpoint(folder, "refit"))
        network.save_weights(again, model / network.REFIT)
    training.write_predictions(table, probability, predictions)
    training.write_metrics(table, probability, {"epochs": progress.best_epoch}, metrics)
    shutil.rmtree(folder, ignore_errors=True)


def fit(
    table: pl.DataFrame,
    params: Params,
    device: torch.device,
    checkpoint: Checkpoint,
    record: Record,
) -> tuple[Model, Progress]:
    """Train on the flights whose split is train; those of validation choose the epoch."""
    train = table.filter(split="train")
    encoder = Encoder.fit(
        train, columns.names("number"), columns.names("category"), params.category_min_rows
    )
    rows, validation = (
        encoded(encoder, part) for part in (train, table.filter(split="validation"))
    )
    shape = Shape.model_validate(params.model_dump(include=set(Shape.model_fields)))
    net = new_network(encoder, shape, params.seed)
    net.numbers.cut(rows.numbers)
    net.to(device)
    progress = epochs.train(net, rows, validation, params, params.epochs, checkpoint, record)
    return Model(encoder, shape, net), progress


def refit(
    fitted: Model, table: pl.DataFrame, params: Params, best_epoch: int, checkpoint: Checkpoint
) -> Network:
    """Train anew on all labelled flights, for as many epochs as were best on validation."""
    print(f"refit on {table.height:,} flights", flush=True)
    net = new_network(fitted.encoder, fitted.shape, params.seed)
    net.numbers.load_state_dict(fitted.network.numbers.state_dict())
    net.to(next(fitted.network.parameters()).device)
    rows = encoded(fitted.encoder, table)
    epochs.train(net, rows, None, params, best_epoch, checkpoint, lambda values: None)
    return net


def new_network(encoder: Encoder, shape: Shape, seed: int) -> Network:
    """A network with random weights that follow from the seed."""
    torch.manual_seed(seed)
    return Network(len(encoder.number_names), encoder.cardinalities, shape)


def encoded(encoder: Encoder, table: pl.DataFrame) -> Rows:
    """The arrays of a table."""
    return Rows(encoder.numbers(table), encoder.codes(table), table.get_column("late").to_numpy())


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
