"""The short way to the trees gives what XGBoost's own gives."""

import numpy as np
import pytest
import xgboost

from include.flights.trees import dense


@pytest.fixture(scope="module")
def booster() -> xgboost.Booster:
    draw = np.random.default_rng(0)
    table, late = draw.normal(size=(500, 5)), draw.random(500) < 0.3
    table[::7, 2] = np.nan
    data = xgboost.DMatrix(table, label=late)
    return xgboost.train({"objective": "binary:logistic", "nthread": 1}, data, 20)


@pytest.mark.parametrize("rows", [1, 2, 100, 2000])
def test_probabilities_are_those_of_xgboost(booster: xgboost.Booster, rows: int) -> None:
    matrix = np.random.default_rng(1).normal(size=(rows, 5)).astype(np.float32)
    matrix[0, 1] = np.nan
    found = dense.predict(booster, matrix)
    assert found.dtype == np.float64 and found.shape == (rows,)
    assert (found == booster.inplace_predict(matrix)).all()
    assert (dense.predict(booster, np.asfortranarray(matrix)) == found).all()


def test_a_matrix_that_does_not_fit_is_refused(booster: xgboost.Booster) -> None:
    with pytest.raises(xgboost.core.XGBoostError):
        dense.predict(booster, np.zeros((1, 4), dtype=np.float32))


def test_no_row_has_no_probability(booster: xgboost.Booster) -> None:
    assert dense.predict(booster, np.empty((0, 5), dtype=np.float32)).shape == (0,)
