"""What counts as drift, how much of it is too much, and what a check of it is."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from include.monitoring.plain_columns import Kind

# moved: inputs or predictions look different, or have values that the model does not know, which a
# training mends. hurts: the model does worse (performance, calibration, estimated performance,
# groups). service: latency, errors, stale features. data: faults that a training would learn
# (another unit, missing values), outcomes that have not come.
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
    drift_weighted_max: float = Field(
        ge=0, le=1, description="largest share of what the model uses that has drifted"
    )
    unknown_share_max: float = Field(
        ge=0, le=1, description="largest share of rows with a category that the model does not know"
    )
    prediction_psi_max: float = Field(
        gt=0, description="largest population stability index of the predictions"
    )
    outcome_share_change_max: float = Field(
        gt=0, le=1, description="largest change of the share of rows that have the outcome"
    )
    auc_min: float = Field(ge=0, le=1, description="smallest area under the ROC curve")
    auc_drop_max: float = Field(
        gt=0, le=1, description="largest fall of that area from rows that the model never saw"
    )
    log_loss_saved_drop_max: float = Field(
        gt=0, description="largest fall of the share of the log loss that the model saves"
    )
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
    weight: float  # the share of what the model uses that is in it
    since: str | None = None  # the first period of those, up to now, in which it has drifted

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


def rounded(value: float) -> float:
    """The number with six digits, and without a negative zero."""
    return round(float(value), DIGITS) + 0.0
