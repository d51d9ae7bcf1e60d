"""Stage train_xgboost: learn which flights arrive late, with gradient-boosted trees."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import xgboost as xgb
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from include import step
from include.errors import PipelineError
from include.flights import columns
from include.flights.models import training
from include.flights.models.curves import Record, recording
from include.flights.models.encoding import Encoder
from include.flights.splits import Splits, Window
from include.step import Out


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
    refit: bool = Field(description="also train on all labelled flights, for packaging")

    def booster(self) -> dict[str, Any]:
        """The parameters of one training, as XGBoost names them."""
        ours = {"rounds", "patience", "device", "threads", "refit"}
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
    table = training.read_rows(features, window, splits)
    encoder = Encoder.fit(
        table.filter(split="train"), columns.names("number"), columns.names("category")
    )
    with recording(curves) as record:
        booster = fit(table, encoder, params, record)
    trees = booster.num_boosted_rounds()
    model.mkdir()
    save(booster, model / "model.ubj")
    held = {"kind": "xgboost", "encoder": encoder.to_json(), "trees": trees}
    (model / "model.json").write_text(json.dumps(held, indent=2) + "\n")
    if params.refit:
        print(f"refit on {table.height:,} flights", flush=True)
        again = xgb.train(params.booster(), quantized(table, encoder, params), trees)
        save(again, model / "refit.ubj")
    probability = predict(booster, table, encoder)
    training.write_predictions(table, probability, predictions)
    training.write_metrics(table, probability, {"trees": trees}, metrics)


def fit(table: pl.DataFrame, encoder: Encoder, params: Params, record: Record) -> xgb.Booster:
    """Train on the flights whose split is train; those of validation end the growth.

    Returns:
        The booster, cut to its best round by log loss.
    """
    train = quantized(table.filter(split="train"), encoder, params)
    validation = quantized(table.filter(split="validation"), encoder, params, train)
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


def quantized(
    table: pl.DataFrame, encoder: Encoder, params: Params, like: xgb.DMatrix | None = None
) -> xgb.QuantileDMatrix:
    """The flights in bins; `max_bin` is needed again beside `ref`, or XGBoost takes 256."""
    late = table.get_column("late").to_numpy()
    return xgb.QuantileDMatrix(
        matrix(table, encoder),
        late,
        ref=like,
        max_bin=params.max_bin,
        nthread=params.threads,
        feature_names=list(encoder.names),
        feature_types=kinds(encoder),
        enable_categorical=True,
    )


def matrix(table: pl.DataFrame, encoder: Encoder) -> NDArray[np.float32]:
    """The features as one array, (rows, features): the numbers, then the codes."""
    return np.hstack([encoder.numbers(table), encoder.codes(table).astype(np.float32)])


def kinds(encoder: Encoder) -> list[str]:
    """XGBoost's word for each column: q is a quantity, c a category."""
    return ["q"] * len(encoder.number_names) + ["c"] * len(encoder.category_names)


def predict(booster: xgb.Booster, table: pl.DataFrame, encoder: Encoder) -> NDArray[np.float64]:
    """The probability of a late arrival for each flight."""
    data = xgb.DMatrix(
        matrix(table, encoder),
        feature_names=list(encoder.names),
        feature_types=kinds(encoder),
        enable_categorical=True,
    )
    return np.asarray(booster.predict(data), dtype=np.float64)


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
