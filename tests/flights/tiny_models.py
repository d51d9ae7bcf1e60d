"""A folder of models as the training stages leave it, learned from a few made-up flights."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import xgboost

from include.flights.models.encoding import Encoder


def flights(numbers: Sequence[str], categories: Sequence[str], rows: int = 600) -> pl.DataFrame:
    """Made-up features, a tenth of them not known."""
    draw = np.random.default_rng(3)
    columns = {}
    for name in numbers:
        values = [value if value > 0.1 else None for value in draw.random(rows)]
        columns[name] = pl.Series(name, values, pl.Float32)
    for name in categories:
        values = draw.choice(["AA", "B6", "UA", None], rows).tolist()  # type: ignore[arg-type]
        columns[name] = pl.Series(name, values, pl.String)
    return pl.DataFrame(columns)


def train_xgboost(table: pl.DataFrame, encoder: Encoder, folder: Path, rounds: int = 20) -> None:
    """Leave model.ubj and model.json."""
    folder.mkdir(parents=True, exist_ok=True)
    matrix = matrix_of(table, encoder)
    late = np.nan_to_num(matrix.get_data().toarray()[:, 0]) > 0.5
    matrix.set_label(late)
    settings = {"objective": "binary:logistic", "seed": 1, "nthread": 1}
    booster = xgboost.train(settings, matrix, rounds)
    booster.save_model(folder / "model.ubj")
    about = {"kind": "xgboost", "encoder": encoder.to_json(), "trees": rounds}
    (folder / "model.json").write_text(json.dumps(about))


def matrix_of(table: pl.DataFrame, encoder: Encoder) -> xgboost.DMatrix:
    """The rows as train_xgboost gives them to XGBoost."""
    values = np.hstack([encoder.numbers(table), encoder.codes(table).astype(np.float32)])
    kinds = ["q"] * len(encoder.number_names) + ["c"] * len(encoder.category_names)
    names = list(encoder.names)
    return xgboost.DMatrix(
        values, feature_names=names, feature_types=kinds, enable_categorical=True
    )


def train_torch(table: pl.DataFrame, encoder: Encoder, folder: Path) -> None:
    """Leave weights.safetensors and model.json: a network that has only its first weights."""
    import torch

    from include.flights.tabm.network import Model, Network, Shape

    torch.manual_seed(5)
    shape = Shape(members=2, width=8, layers=2, bins=4, category_size=2, dropout_share=0.1)
    network = Network(len(encoder.number_names), encoder.cardinalities, shape)
    network.numbers.cut(encoder.numbers(table))
    Model(encoder, shape, network).save(folder, {"epochs": 0})


def choose(folder: Path, members: dict[str, float], intercept: float = 0.0) -> None:
    """Leave chosen.json."""
    chosen = {"members": members, "intercept": intercept, "reason": "made up"}
    (folder / "chosen.json").write_text(json.dumps(chosen))
