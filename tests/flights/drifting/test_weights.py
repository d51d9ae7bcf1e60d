"""Where the weights of the features come from."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from include.flights.drifting.weights import UNKNOWN, read_weights
from include.flights.members.chosen import Chosen


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that splits by b four times as well as by a, and never by c."""
    import xgboost as xgb

    a, b = np.tile([0.0, 1.0], 50), np.repeat([0.0, 1.0], 50)
    rows = np.stack([a, b, np.zeros(100)], axis=1)
    matrix = xgb.DMatrix(rows, label=a + 2 * b, feature_names=["a", "b", "c"])
    folder = tmp_path_factory.mktemp("models")
    (folder / "xgboost").mkdir()
    booster = xgb.train({"max_depth": 2, "nthread": 1, "base_score": 1.5}, matrix, 1)
    booster.save_model(folder / "xgboost/model.ubj")
    return folder


def test_weights_are_the_gains_of_the_models_own_file(models: Path) -> None:
    weights, said = read_weights(models, Chosen(members={"xgboost": 1.0}))
    assert weights and set(weights) == {"a", "b"}
    assert weights["b"] == pytest.approx(4 * weights["a"], rel=0.15)  # less what is regularised
    assert said == "The share of the total gain of XGBoost's splits that is the feature's."


def test_a_refit_is_what_goes_live_and_counts(models: Path, tmp_path: Path) -> None:
    (tmp_path / "xgboost").mkdir()
    shutil.copy(models / "xgboost/model.ubj", tmp_path / "xgboost/refit.ubj")
    weights, _ = read_weights(tmp_path, Chosen(members={"xgboost": 1.0}))
    assert weights and set(weights) == {"a", "b"}


def test_a_blend_says_that_the_other_part_is_not_known(models: Path) -> None:
    weights, said = read_weights(models, Chosen(members={"xgboost": 0.7, "torch": 0.3}))
    assert weights
    assert said.endswith("What the other part of the model uses (Torch network) is not known.")


def test_a_model_without_gains_has_no_weights(models: Path) -> None:
    assert read_weights(models, Chosen(members={"torch": 1.0})) == (None, UNKNOWN)


def test_a_model_without_a_split_has_no_weights(tmp_path: Path) -> None:
    import xgboost as xgb

    (tmp_path / "xgboost").mkdir()
    matrix = xgb.DMatrix(np.zeros((4, 1)), label=[0, 1, 0, 1], feature_names=["a"])
    xgb.train({"nthread": 1}, matrix, 1).save_model(tmp_path / "xgboost/model.ubj")
    assert read_weights(tmp_path, Chosen(members={"xgboost": 1.0})) == (None, UNKNOWN)
