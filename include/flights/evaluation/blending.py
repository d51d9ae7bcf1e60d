"""Which model serves: the better single one, or a blend of their logits, by a rule.

Only validation flights are used. The blend is judged on days that its weights were not fitted
on, so that it gains nothing from what it remembers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from include.flights.members.chosen import Chosen, logit, sigmoid
from include.monitoring import performance
from include.monitoring.performance import Floats, Metric

MEASURES: dict[str, Metric] = {
    "auc": performance.auc,
    "average_precision": performance.average_precision,
    "log_loss": performance.log_loss,
    "brier": performance.brier,
}
LOWER_IS_BETTER = {"log_loss", "brier"}


class Rule(BaseModel):
    """Section evaluate_models.choice of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    choose_by: Literal["auc", "average_precision", "log_loss", "brier"] = Field(
        description="measure on the validation period that decides"
    )
    candidates: Literal["best", "blend", "auto"] = Field(
        description="best single model, blend, or the blend only if it gains min_gain"
    )
    min_gain: float = Field(ge=0, lt=1, description="gain of the blend over the best single model")
    calibrate: Literal["none", "platt"] = Field(
        description="none: weights that sum to 1; platt: free weights and an intercept"
    )
    folds: int = Field(ge=2, le=31, description="runs of days, each judged by a fit on the others")


@dataclass(frozen=True)
class Choice:
    """What was chosen, the blend whether or not it was, and their measures on validation."""

    chosen: Chosen
    blend: Chosen
    blended: bool
    measured: dict[str, dict[str, float]]  # model to measure to value; the blend cross-fitted


def choose(
    late: NDArray[np.bool_], day: NDArray[np.int64], members: Mapping[str, Floats], rule: Rule
) -> Choice:
    """Choose by the rule, from validation flights only.

    Args:
        day: index of the local day of each row, 0 .. days - 1, without a gap.
        members: model to one probability per row.
    """
    period = performance.Period(late, day, np.ones((1, int(day.max()) + 1)))
    candidates = {**members, "blend": cross_fitted(late, day, members, rule)}
    measured = {
        name: {key: float(measure(period, values)[0]) for key, measure in MEASURES.items()}
        for name, values in candidates.items()
    }
    better = -1 if rule.choose_by in LOWER_IS_BETTER else 1
    best = max(members, key=lambda name: better * measured[name][rule.choose_by])
    gain = better * (measured["blend"][rule.choose_by] - measured[best][rule.choose_by])
    blended = rule.candidates == "blend" or (rule.candidates == "auto" and gain >= rule.min_gain)
    reason = explain(rule, blended, best, measured, gain)
    blend = fit_blend(late, members, rule.calibrate, reason)
    single = Chosen(members={best: 1.0}, intercept=0.0, reason=reason)
    return Choice(blend if blended else single, blend, blended, measured)


def cross_fitted(
    late: NDArray[np.bool_], day: NDArray[np.int64], members: Mapping[str, Floats], rule: Rule
) -> Floats:
    """The blend's probabilities, each run of days by weights fitted on the other days.

    Runs, not single days: neighbouring days share their weather.
    """
    fold = day * rule.folds // (day.max() + 1)
    blended = np.empty(len(late))
    for part in np.unique(fold):
        held = fold == part
        others = {name: values[~held] for name, values in members.items()}
        blend = fit_blend(late[~held], others, rule.calibrate, "")
        blended[held] = blend.probability({name: values[held] for name, values in members.items()})
    return blended


def fit_blend(
    late: NDArray[np.bool_], members: Mapping[str, Floats], calibrate: str, reason: str
) -> Chosen:
    """Find the weights on the logits, none below 0, that give the lowest log loss.

    With calibrate none, the weights sum to 1 and the intercept is 0: the blend keeps the level
    that the models learned in a whole range of seasons. With platt (Platt 1999), the level and the
    spread are those of the flights given, in whatever season they were.
    """
    from scipy.optimize import minimize

    inputs = np.column_stack([*map(logit, members.values()), np.ones(len(late))])

    def loss(weights: Floats) -> tuple[float, Floats]:
        score = inputs @ weights
        gradient = inputs.T @ (sigmoid(score) - late) / len(late)
        return float(np.mean(np.logaddexp(0, score) - late * score)), gradient

    free = calibrate == "platt"
    start = np.append(np.full(len(members), 1 / len(members)), 0.0)
    bounds = [*[(0.0, None)] * len(members), (None, None) if free else (0.0, 0.0)]
    sums_to_one = {"type": "eq", "fun": lambda weights: weights[:-1].sum() - 1}
    found = minimize(
        loss,
        start,
        jac=True,
        method="SLSQP",
        bounds=bounds,
        constraints=[] if free else sums_to_one,
        options={"ftol": 1e-12, "maxiter": 500},
    )
    # Four digits are far below what the data can tell, and the same on every machine.
    weights = [round(float(weight), 4) + 0.0 for weight in found.x]
    if not free:
        weights[-2] = round(1 - sum(weights[:-2]), 4)
    return Chosen(
        members=dict(zip(members, weights, strict=False)), intercept=weights[-1], reason=reason
    )


def explain(
    rule: Rule, blended: bool, best: str, measured: Mapping[str, Mapping[str, float]], gain: float
) -> str:
    """Say in one sentence why the rule chose as it did."""
    single, blend = measured[best][rule.choose_by], measured["blend"][rule.choose_by]
    facts = (
        f"on the validation period, {best} is the best single model with {title(rule.choose_by)} "
        f"{single:.4f}, and the cross-fitted blend has {blend:.4f}, "
        f"{abs(gain):.4f} {'better' if gain >= 0 else 'worse'}"
    )
    name = "The blend" if blended else f"The single model {best}"
    if rule.candidates == "auto":
        asked = f"the rule asks the blend to gain at least {rule.min_gain:g}"
    else:
        wanted = "blend" if blended else "best single model"
        asked = f"the rule asks for the {wanted}, whatever the blend gains"
    return f"{name}: {facts}; {asked}."


def title(measure: str) -> str:
    """A measure as a reader writes it."""
    return "AUC" if measure == "auc" else measure.replace("_", " ")
