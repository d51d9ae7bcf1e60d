"""Performance from counts at each step of the score, measured and estimated."""

import math

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from include.monitoring import performance as exact
from include.monitoring.estimated import performance


def table(*rows: tuple[float, bool | None]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema={"score": pl.Float64, "won": pl.Boolean}, orient="row")


def test_four_rows_by_hand():
    found = performance(table((0.1, False), (0.4, True), (0.4, False), (0.8, True)), "score", "won")
    # Of four pairs three are in order, and one is a tie.
    assert found.auc == 0.875
    assert found.labelled == 4
    assert (found.mean_score, found.outcome_share, found.calibration_gap) == (0.425, 0.5, -0.075)
    # Expected with: .1 + .4 + .4 + .8 = 1.7; below each, expected without: .9, then 1.2, then .2.
    above = 0.8 * (0.9 + 1.2 + 0.1) + 0.8 * (0.9 + 0.6) + 0.1 * 0.45
    assert found.auc_estimated == pytest.approx(above / (1.7 * 2.3), abs=1e-6)
    assert found.log_loss == pytest.approx(-math.log(0.9 * 0.4 * 0.6 * 0.8) / 4, abs=1e-6)


def test_rows_whose_outcome_is_not_known_count_in_the_estimate_alone():
    found = performance(table((0.2, None), (0.7, None)), "score", "won")
    assert (found.labelled, found.auc, found.log_loss, found.outcome_share) == (0, None, None, None)
    assert (found.calibration_gap, found.calibration_error) == (None, None)
    above = 0.7 * (0.8 + 0.15) + 0.2 * 0.4
    assert found.auc_estimated == pytest.approx(above / (0.9 * 1.1), abs=1e-6)


def test_outcomes_of_one_kind_have_no_area():
    found = performance(table((0.2, False), (0.7, False)), "score", "won")
    assert (found.auc, found.outcome_share) == (None, 0.0)


def test_scores_of_0_and_1_are_no_end_of_the_world():
    found = performance(table((0.0, False), (1.0, True)), "score", "won")
    assert (found.auc, found.log_loss, found.log_loss_estimated) == (1.0, 0.0, 0.0)


def test_many_rows_are_as_single_scores_tell():
    draw = np.random.default_rng(3)
    score = draw.beta(2, 5, 50_000)
    won = draw.random(50_000) < score
    found = performance(pl.LazyFrame({"score": score, "won": won}), "score", "won")
    assert found.auc == pytest.approx(roc_auc_score(won, score), abs=2e-5)
    assert found.log_loss == pytest.approx(log_loss(won, score), abs=1e-6)
    # The scores are the probabilities, so the estimate is about what is measured.
    assert found.auc == pytest.approx(found.auc_estimated, abs=0.005)
    assert found.log_loss == pytest.approx(found.log_loss_estimated, abs=0.005)
    period = exact.Period(won, np.zeros(50_000, np.int64), np.ones((1, 1)))
    error = exact.calibration_error(period, score, bins=15)[0]
    assert found.calibration_error == pytest.approx(error, abs=3e-4)
