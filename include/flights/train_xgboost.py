"""Stage train_xgboost: learn which flights arrive late, with gradient-boosted trees."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from include import step
from include.errors import PipelineError
from include.flights import columns
from include.flights.models import training
from include.flights.models.curves import Curves, Record
from include.flights.models.encoding import Encoder
from include.flights.models.history import History
from include.flights.splits import Splits, Window
from include.flights.trees import xgb
from include.flights.trees.batches import predict, quantized
from include.step import Out

PAGES = Path(".checkpoints/train_xgboost")


class Params(BaseModel):
    """Section train_xgboost of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_depth: int = Field(ge=1, le=16, description="most levels per tree")
    learning_rate: float = Field(gt=0, le=1, description="shrinkage per tree")
    min_child_weight: float = Field(ge=0, description="least sum of hessians in a leaf")
    subsample: float = Field(gt=0, le=1, description="share of the flights seen by each tree")
    colsample_bytree: float = Field(gt=0, le=1, description="share of the features seen by a tree")
    reg_lambda: float = Field(ge=0, description="L2 penalty on the leaves")
    max_bin: int = Field(ge=2, le=4096, description="bins per number")
    rounds: int = Field(ge=1, le=100_000, description="most trees")
    patience: int = Field(ge=1, description="rounds without gain before growth stops")
    seed: int = Field(ge=0, description="seed of the random number generator")
    device: Literal["auto", "cpu", "cuda"] = Field(description="auto: a GPU where there is one")
    threads: int = Field(ge=1, description="CPU threads")
    external_memory: bool = Field(description="hold the flights on disk: a fifth slower")
    refit: bool = Field(description="also train on all labelled flights, for packaging")

    def booster(self) -> dict[str, Any]:
        """The parameters of one training, as XGBoost names them."""
        ours = {"rounds", "patience", "device", "threads", "external_memory", "refit"}
        return {
            **self.model_dump(exclude=ours),
            "objective": "binary:logistic",
            "tree_method": "hist",
            "eval_metric": ["auc", "logloss"],
            "device": device(self.device),
            "nthread": self.threads,
        }


def train_xgboost(
    features: Path,
    model: Out,
    predictions: Out,
    metrics: Out,
    curves: Out,
    window: Window,
    splits: Splits,
    params: Params,
) -> None:
    """Train, choose the number of trees on validation, and predict every labelled flight."""
    history = training.open_history(features, window, splits)
    flights = training.read_flights(history)
    train = history.only("train").scan(columns.names("category"))
    encoder = Encoder.fit(train, columns.names("number"), columns.names("category"))
    with pages(wanted=params.external_memory) as folder:
        booster = fit(history, encoder, params, folder, Curves(curves))
    trees = booster.num_boosted_rounds()
    model.mkdir()
    save(booster, model / "model.ubj")
    held = {"kind": "xgboost", "encoder": encoder.to_json(), "trees": trees}
    (model / "model.json").write_text(json.dumps(held, indent=2) + "\n")
    if params.refit:
        print(f"refit on {flights.height:,} flights", flush=True)
        with pages(wanted=params.external_memory) as folder:
            save(refit(history, encoder, params, folder, trees), model / "refit.ubj")
    probability = predict_all(booster, history, encoder)
    training.write_predictions(flights, probability, predictions)
    training.write_metrics(flights, probability, {"trees": trees}, metrics)


@contextmanager
def pages(*, wanted: bool) -> Iterator[Path | None]:
    """A folder for the flights of one training; None if they are to be in memory."""
    shutil.rmtree(PAGES, ignore_errors=True)  # of a training that was killed
    if wanted:
        PAGES.mkdir(parents=True)
    try:
        yield PAGES if wanted else None
    finally:
        shutil.rmtree(PAGES, ignore_errors=True)


def fit(
    history: History, encoder: Encoder, params: Params, folder: Path | None, record: Record
) -> xgb.Booster:
    """Train on the flights whose split is train; those of validation end the growth.

    Args:
        folder: holds them, if memory does not.

    Returns:
        The booster, cut to its best round by log loss.
    """
    binning = (encoder, params.max_bin, params.threads)
    train = quantized(history.only("train"), *binning, pages=folder)
    validation = quantized(history.only("validation"), *binning, train, folder)
    booster = xgb.train(
        params.booster(),
        train,
        params.rounds,
        evals=[(validation, "validation")],
        early_stopping_rounds=params.patience,
        callbacks=[Progress(record)],
        verbose_eval=False,
    )
    return booster[: booster.best_iteration + 1]


def refit(
    history: History, encoder: Encoder, params: Params, folder: Path | None, trees: int
) -> xgb.Booster:
    """Train on all flights."""
    whole = quantized(history, encoder, params.max_bin, params.threads, pages=folder)
    return xgb.train(params.booster(), whole, trees)[:trees]  # a slice holds no flights


def predict_all(booster: xgb.Booster, history: History, encoder: Encoder) -> NDArray[np.float64]:
    """The probability of a late arrival for each flight, in the order of the history."""
    return np.concatenate(
        [predict(booster, month, encoder) for month in history.tables(encoder.names)]
    )


def save(booster: xgb.Booster, path: Path) -> None:
    """Write a model as UBJ. Not save_model: on a full disk it may cut the file without a word."""
    path.write_bytes(booster.save_raw("ubj"))


class Progress(xgb.callback.TrainingCallback):
    """Record each round, and print every 25th."""

    def __init__(self, record: Record) -> None:
        super().__init__()
        self.record = record

    def after_iteration(
        self, model: Any, epoch: int, evals_log: Mapping[str, Mapping[str, Any]]
    ) -> bool:
        """Take the scores of the round; False lets the training go on."""
        log_loss = float(evals_log["validation"]["logloss"][-1])
        auc = float(evals_log["validation"]["auc"][-1])
        self.record({"validation/log_loss": log_loss, "validation/auc": auc})
        if epoch % 25 == 0:
            print(f"round {epoch:4}: validation log loss {log_loss:.4f}, AUC {auc:.4f}", flush=True)
        return False


def device(wanted: str) -> str:
    """The device to train on.

    Raises:
        PipelineError: params ask for a GPU that this XGBoost cannot use.
    """
    there = bool(xgb.build_info().get("USE_CUDA")) and Path("/proc/driver/nvidia").exists()
    if wanted == "cuda" and not there:
        raise PipelineError(
            "train_xgboost.device is cuda, but this machine has no GPU that XGBoost can use.",
            "set train_xgboost.device to auto or cpu in params.yaml, or run it on a GPU.",
        )
    return "cuda" if there and wanted != "cpu" else "cpu"


if __name__ == "__main__":
    raise SystemExit(step.run(train_xgboost))
