"""What counts as drift, how much of it is too much, and the sentences that say so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from include.monitoring.plain_columns import Kind

# moved: inputs or predictions look different. hurts: the model does worse (performance,
# calibration, estimated performance, groups). service: latency, errors, stale features.
# data: unknown categories, missing values, outcomes that have not come.
Sort = Literal["moved", "hurts", "service", "data"]
# Further digits differ with the order of summation, which Evidently leaves to chance.
DIGITS = 6


class Limits(BaseModel):
    """What counts as drift, and how much of it is too much."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number_psi: float = Field(
        gt=0, description="population stability index at which a number has drifted"
    )
    category_distance: float = Field(
        gt=0, le=1, description="Jensen-Shannon distance at which a category has drifted"
    )
    empty_share_change: float = Field(
        gt=0, le=1, description="change of the share of empty values at which a column has drifted"
    )
    drifted_columns_share_max: float = Field(
        ge=0, le=1, description="largest share of drifted columns"
    )
    prediction_psi_max: float = Field(
        gt=0, description="largest population stability index of the predictions"
    )
    outcome_share_change_max: float = Field(
        gt=0, le=1, description="largest change of the share of rows that have the outcome"
    )
    auc_min: float = Field(ge=0, le=1, description="smallest area under the ROC curve")
    calibration_gap_max: float = Field(
        gt=0, le=1, description="largest distance of the mean probability from the outcome's share"
    )


@dataclass(frozen=True)
class Words:
    """What rows and outcomes are called, in tables, numbers and sentences."""

    rows: str  # many of them: "visits"
    outcome: str  # the column of the outcome, and what a row is where it is true: "sold"
    otherwise: str  # what it is elsewhere: "unsold"
    score: str  # the column of the outcome's probability


@dataclass(frozen=True)
class Column:
    """How far one column moved; no statistic where a period has no value at all."""

    kind: Kind
    method: str
    statistic: float | None
    threshold: float
    empty_share_reference: float
    empty_share_current: float
    empty_share_threshold: float

    @property
    def severity(self) -> float:
        """How far the column moved, in thresholds: from 1 on, it has drifted."""
        emptied = abs(self.empty_share_current - self.empty_share_reference)
        return max(
            (self.statistic or 0.0) / self.threshold,
            round(emptied, DIGITS) / self.empty_share_threshold,
        )

    @property
    def drifted(self) -> bool:
        """Whether the values, or the share of empty ones, moved too far."""
        return self.severity >= 1


@dataclass(frozen=True)
class Check:
    """One number against its limit; no value where it cannot be measured.

    Without a value it has passed if nobody needs it, as where another check tells the same.
    """

    name: str
    value: float | None
    limit: float
    passed: bool
    reason: str  # in words, whether or not it passed
    kind: Sort


def checks_of(
    columns: Mapping[str, Column],
    measured: Mapping[str, float | None],
    limits: Limits,
    words: Words,
) -> list[Check]:
    """Hold every number of the current period against its limit."""
    numbers = {name: value or 0.0 for name, value in measured.items()}
    return [
        check_columns(columns, limits.drifted_columns_share_max),
        check_prediction(numbers["prediction_psi"], limits.prediction_psi_max),
        check_outcome(numbers, limits.outcome_share_change_max, words),
        check_auc(measured["auc"], numbers, limits.auc_min, words),
        check_calibration(numbers, limits.calibration_gap_max, words),
    ]


def check_columns(columns: Mapping[str, Column], limit: float) -> Check:
    """Not too many columns drifted."""
    drifted = {name: column for name, column in columns.items() if column.drifted}
    share = rounded(len(drifted) / len(columns))
    worst = sorted(drifted, key=lambda name: -drifted[name].severity)[:3]
    named = f", most of all {', '.join(worst)}" if worst else ""
    reason = (
        f"{len(drifted)} of {len(columns)} columns ({share:.1%}) drifted{named}; "
        f"at most {limit:.1%} may."
    )
    return Check("drifted_columns_share", share, limit, share <= limit, reason, "moved")


def check_prediction(psi: float, limit: float) -> Check:
    """The predictions are spread as they were."""
    reason = f"The predictions moved by a PSI of {psi:.3f}; at most {limit:.3f} is allowed."
    return Check("prediction_psi", psi, limit, psi <= limit, reason, "moved")


def check_outcome(measured: Mapping[str, float], limit: float, words: Words) -> Check:
    """The outcome is about as frequent as in the reference."""
    share = f"{words.outcome}_share"
    now, before = measured[share], measured[f"{share}_reference"]
    change = rounded(now - before)
    reason = (
        f"{now:.1%} of the {words.rows} were {words.outcome}, {before:.1%} in the reference; "
        f"a change of at most {limit:.1%} is allowed."
    )
    return Check(f"{share}_change", change, limit, abs(change) <= limit, reason, "moved")


def check_auc(
    area: float | None, measured: Mapping[str, float], limit: float, words: Words
) -> Check:
    """The model still ranks rows with the outcome above those without."""
    rows = f"{int(measured['rows']):,} {words.rows}"
    if area is None:
        kind = words.outcome if measured[f"{words.outcome}_share"] else words.otherwise
        reason = f"The AUC cannot be measured: all {rows} were {kind}."
        return Check("auc", None, limit, False, reason, "hurts")
    reason = f"The AUC is {area:.3f} on {rows}; at least {limit:.3f} is asked for."
    return Check("auc", area, limit, area >= limit, reason, "hurts")


def check_calibration(measured: Mapping[str, float], limit: float, words: Words) -> Check:
    """The outcome is as frequent as the model says."""
    expected, were = measured["mean_probability"], measured[f"{words.outcome}_share"]
    gap = rounded(expected - were)
    reason = (
        f"The model expected {expected:.1%} of the {words.rows} to be {words.outcome} and "
        f"{were:.1%} were; a gap of at most {limit:.1%} is allowed."
    )
    return Check("calibration_gap", gap, limit, abs(gap) <= limit, reason, "hurts")


def rounded(value: float) -> float:
    """The number with six digits, and without a negative zero."""
    return round(float(value), DIGITS) + 0.0
