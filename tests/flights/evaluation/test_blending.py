"""Which model the rule chooses, and what the blend may learn."""

import numpy as np
import pytest
from numpy.typing import NDArray

from include.flights.evaluation.blending import Rule, choose, cross_fitted, fit_blend
from include.flights.members.chosen import logit, sigmoid
from include.monitoring.performance import Floats

RULE = Rule(choose_by="auc", candidates="auto", min_gain=0.001, calibrate="none", folds=4)
Views = tuple[NDArray[np.bool_], dict[str, Floats]]
DAY = np.repeat(np.arange(40), 100)


@pytest.fixture(scope="module")
def two_views() -> Views:
    """4,000 flights of 40 days; each model sees one half of what decides, and is calibrated."""
    random = np.random.default_rng(2)
    one, other = random.normal(size=(2, 4000))
    late = random.random(4000) < sigmoid(one + other - 1)
    # The logit that one half alone justifies is flatter: the other half is noise to it.
    members = {"xgboost": sigmoid(0.87 * one - 0.87), "torch": sigmoid(0.87 * other - 0.87)}
    return late, members


def test_two_models_that_see_different_things_are_blended(two_views: Views) -> None:
    late, members = two_views
    choice = choose(late, DAY, members, RULE)
    assert choice.blended and choice.chosen == choice.blend
    assert sum(choice.chosen.members.values()) == pytest.approx(1, abs=1e-9)
    assert choice.chosen.members["xgboost"] == pytest.approx(0.5, abs=0.06)
    assert choice.chosen.intercept == 0


def test_a_copy_gains_nothing_and_the_better_single_model_serves(two_views: Views) -> None:
    late, members = two_views
    both = {"xgboost": members["xgboost"], "torch": members["xgboost"] ** 2}
    choice = choose(late, DAY, both, RULE)
    assert choice.chosen.members == {"xgboost": 1.0} and choice.chosen.intercept == 0
    assert choice.chosen.reason == (
        "The single model xgboost: on the validation period, "
        "xgboost is the best single model with AUC "
        f"{choice.measured['xgboost']['auc']:.4f}, and the cross-fitted blend has "
        f"{choice.measured['blend']['auc']:.4f}, 0.0000 better; "
        f"the rule asks the blend to gain at least 0.001."
    )


@pytest.mark.parametrize(
    ("candidates", "members"),
    [("best", ["torch"]), ("blend", ["xgboost", "torch"])],
    ids=["best single model", "blend"],
)
def test_the_rule_may_fix_the_candidates(candidates: str, members: list[str]) -> None:
    late = np.tile([False, True], 2000)
    coin = np.tile([0.4, 0.4, 0.5, 0.5], 1000)
    rule = Rule.model_validate({**RULE.model_dump(), "candidates": candidates})
    choice = choose(late, DAY, {"xgboost": coin, "torch": np.where(late, 0.6, 0.3)}, rule)
    assert list(choice.chosen.members) == members
    assert choice.chosen.reason.endswith("whatever the blend gains.")


def test_a_measure_where_less_is_better_chooses_the_lower_one() -> None:
    late = np.tile([False, True], 2000)
    sharp, flat = np.where(late, 0.9, 0.1), np.where(late, 0.6, 0.4)
    rule = Rule.model_validate({**RULE.model_dump(), "choose_by": "log_loss", "candidates": "best"})
    choice = choose(late, DAY, {"xgboost": flat, "torch": sharp}, rule)
    assert choice.chosen.members == {"torch": 1.0}
    assert "log loss 0.1054" in choice.chosen.reason


def test_no_weight_is_negative() -> None:
    random = np.random.default_rng(0)
    late = random.random(2000) < 0.3
    good = np.clip(0.3 + 0.2 * late + random.normal(0, 0.1, 2000), 0.01, 0.99)
    for calibrate in ("none", "platt"):
        blend = fit_blend(late, {"xgboost": good, "torch": 1 - good}, calibrate, "")
        assert 0 <= blend.members["torch"] < 0.001


def test_platt_takes_the_level_of_the_flights_given_and_none_keeps_that_of_the_models(
    two_views: Views,
) -> None:
    late, members = two_views
    high_season = {name: sigmoid(logit(p) + 1) for name, p in members.items()}
    platt = fit_blend(late, high_season, "platt", "").probability(high_season)
    none = fit_blend(late, high_season, "none", "").probability(high_season)
    assert platt.mean() == pytest.approx(late.mean(), abs=0.001)
    assert none.mean() > late.mean() + 0.1


def test_a_day_is_judged_by_weights_that_did_not_see_it() -> None:
    """On the first half torch is right, on the second xgboost; each half gets the other's."""
    late = np.tile([False, True], 2000)
    right, wrong = np.where(late, 0.8, 0.2), np.where(late, 0.2, 0.8)
    first = DAY < 20
    members = {"xgboost": np.where(first, wrong, right), "torch": np.where(first, right, wrong)}
    blended = cross_fitted(late, DAY, members, RULE.model_copy(update={"folds": 2}))
    assert blended == pytest.approx(wrong, abs=1e-3)
