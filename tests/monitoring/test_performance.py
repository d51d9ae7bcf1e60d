"""What each measure says of a few visits, worked out by hand, and of drawn days."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import (  # type: ignore[import-untyped]
    average_precision_score,
    brier_score_loss,
    log_loss,
    roc_auc_score,
)

from include.monitoring import performance
from include.monitoring.performance import Floats, Period

SOLD = np.array([False, True, False, True])
RISK = np.array([0.1, 0.4, 0.4, 0.8])


def once(sold: NDArray[np.bool_]) -> Period:
    """A period of one day, as it was."""
    return Period(sold, np.zeros(len(sold), dtype=np.int64), np.ones((1, 1)))


@pytest.fixture(scope="module")
def many() -> tuple[Period, Floats]:
    """2,000 visits of 20 days with ties among the risks, and 30 draws of the days."""
    random = np.random.default_rng(1)
    sold = random.random(2000) < 0.3
    risk: Floats = np.clip(random.normal(0.3 + 0.2 * sold, 0.15), 0.01, 0.99).round(2)
    return Period(sold, random.integers(0, 20, 2000), performance.day_draws(20, 30, 5)), risk


def test_auc_counts_a_tie_as_half() -> None:
    # Pairs: .4 over .1 won, .4 against .4 half, .8 over both won: 3.5 of 4.
    assert performance.auc(once(SOLD), RISK)[0] == 3.5 / 4


def test_average_precision_takes_equal_risks_together() -> None:
    # The visit at .8 has precision 1; at .4, two of three flagged are sold.
    assert performance.average_precision(once(SOLD), RISK)[0] == pytest.approx((1 + 2 / 3) / 2)


def test_log_loss_and_brier_of_one_certain_and_one_even_forecast() -> None:
    period, risk = once(np.array([True, False])), np.array([1.0, 0.5])
    assert performance.log_loss(period, risk)[0] == pytest.approx(0.34657359)
    assert performance.brier(period, risk)[0] == 0.125


def test_calibration_error_is_the_mean_distance_over_bins() -> None:
    # Bin of .1 .1: none sold, distance .1. Bin of .6 .6: both sold, distance .4.
    period = once(np.array([False, False, True, True]))
    error = performance.calibration_error(period, np.array([0.1, 0.1, 0.6, 0.6]), 2)
    assert error[0] == pytest.approx(0.25)


def test_calibration_error_keeps_equal_probabilities_in_one_bin() -> None:
    # In two bins of three, each would be a third away from one half.
    period = once(np.array([True, False, True, False, True, False]))
    assert performance.calibration_error(period, np.full(6, 0.5), 2)[0] == 0


def test_calibration_gap_is_above_0_where_the_outcome_is_overstated() -> None:
    gap = performance.calibration_gap(once(np.array([True, False])), np.array([0.7, 0.5]))
    assert gap[0] == pytest.approx(0.1)


def test_a_visit_exactly_at_the_threshold_is_flagged() -> None:
    flags = performance.at_threshold(once(SOLD), RISK, 0.4)
    shares = {name: values[0] for name, values in flags.items()}
    assert shares == {"precision": 2 / 3, "recall": 1.0, "flagged_share": 0.75}


def test_a_threshold_that_flags_nothing_has_no_precision() -> None:
    flags = performance.at_threshold(once(SOLD), RISK, 0.9)
    assert np.isnan(flags["precision"][0]) and flags["recall"][0] == 0


def test_every_draw_equals_the_measure_of_the_visits_it_holds(
    many: tuple[Period, Floats],
) -> None:
    period, risk = many
    areas, precisions = performance.auc(period, risk), performance.average_precision(period, risk)
    losses, squares = performance.log_loss(period, risk), performance.brier(period, risk)
    for draw in (0, 1, 17, 30):
        weight = period.draws[draw][period.day]
        sold = period.outcome
        assert areas[draw] == pytest.approx(roc_auc_score(sold, risk, sample_weight=weight))
        precision = average_precision_score(sold, risk, sample_weight=weight)
        assert precisions[draw] == pytest.approx(precision)
        assert losses[draw] == pytest.approx(log_loss(sold, risk, sample_weight=weight))
        assert squares[draw] == pytest.approx(brier_score_loss(sold, risk, sample_weight=weight))


def test_average_precision_in_parts_equals_average_precision_at_once(
    many: tuple[Period, Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = performance.average_precision(*many)
    monkeypatch.setattr(performance, "PART", 1000)
    assert performance.average_precision(*many) == pytest.approx(whole, abs=1e-12)


def test_draws_hold_as_many_days_as_the_period_and_start_with_the_period_itself() -> None:
    draws = performance.day_draws(7, 50, 3)
    assert draws.shape == (51, 7)
    assert (draws[0] == 1).all() and (draws.sum(axis=1) == 7).all()


def test_the_same_seed_draws_the_same_days() -> None:
    one, same, other = (performance.day_draws(9, 5, seed) for seed in (1, 1, 2))
    assert (one == same).all() and not (one == other).all()


def test_an_interval_holds_the_middle_of_the_draws() -> None:
    values = np.array([9.0, *range(101)], dtype=float)
    held = performance.interval(values, 0.9)
    assert (held.value, held.low, held.high) == pytest.approx((9, 5, 95))


def test_an_interval_of_nothing_known_is_unknown() -> None:
    interval = performance.interval(np.array([np.nan, np.nan]), 0.9)
    assert np.isnan([interval.value, interval.low, interval.high]).all()


def test_days_that_repeat_each_other_widen_the_interval() -> None:
    """A day's visits count as one voice: copies of a visit on its day add no certainty."""
    random = np.random.default_rng(4)
    sold, day = random.random(200) < 0.4, np.arange(200) % 40
    risk = np.clip(random.normal(0.4 + 0.2 * sold, 0.2), 0.01, 0.99)
    draws = performance.day_draws(40, 300, 1)
    one = performance.auc(Period(sold, day, draws), risk)
    copies = Period(np.tile(sold, 10), np.tile(day, 10), draws)
    assert performance.auc(copies, np.tile(risk, 10)) == pytest.approx(one)


def test_the_curves_run_from_nothing_flagged_to_all_flagged() -> None:
    grid, found = performance.roc_curve(SOLD, RISK, 3)
    # Flags: none, .8, both at .4, all. At half the unsold visits, all sold ones are found.
    assert grid.tolist() == [0, 0.5, 1] and found.tolist() == [0.5, 1, 1]
    recall, precision = performance.precision_recall_curve(SOLD, RISK, 2)
    assert recall.tolist() == [0.5, 1] and precision.tolist() == [1, 2 / 3]


def test_a_calibration_curve_counts_every_visit_once(many: tuple[Period, Floats]) -> None:
    curve = performance.calibration_curve(*many, bins=10, confidence=0.95)
    assert sum(rows for rows, _, _ in curve) == 2000
    assert [mean for _, mean, _ in curve] == sorted(mean for _, mean, _ in curve)
    assert all(seen.low <= seen.value <= seen.high for _, _, seen in curve)
