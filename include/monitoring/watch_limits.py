"""What a window may be: every limit of watching, with the reason for its default."""

from pydantic import BaseModel, ConfigDict, Field


class Looking(BaseModel):
    """When the rows of a window look like those of other data, not of another season."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    jump_times: float = Field(
        gt=1, description="times its usual movement at which a column has jumped"
    )
    jump_psi: float = Field(gt=0, description="PSI at which a number has jumped, whatever is usual")
    usual_least: float = Field(gt=0, le=1, description="least movement that counts as usual")
    drifted_psi: float = Field(gt=0, description="PSI at which a number counts as drifted")
    drifted_distance: float = Field(
        gt=0, le=1, description="Jensen-Shannon distance at which a category counts as drifted"
    )
    drift_weighted_max: float = Field(
        gt=0, le=1, description="largest share, by the model's use, of drifted columns"
    )
    prediction_psi_max: float = Field(gt=0, description="largest PSI of the predictions")
    category_share: float = Field(
        gt=0, lt=1, description="share of the rows from which a category that is gone is missed"
    )
    empty_share_change: float = Field(
        gt=0, le=1, description="rise of the share of empty values at which a column is emptied"
    )
    explained_least: float = Field(
        gt=0, lt=1, description="share of a number that a category explains from which it must"
    )
    explained_kept: float = Field(
        gt=0, lt=1, description="part of it that must be left in the next window"
    )
    unknown_share_max: float = Field(
        ge=0, le=1, description="largest share of rows with a value that the model does not know"
    )


class Hurting(BaseModel):
    """How good the model must be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    labelled_share_min: float = Field(
        gt=0, le=1, description="share of outcomes from which performance is measured"
    )
    auc_min: float = Field(
        ge=0, le=1, description="smallest area under the ROC curve, measured or estimated"
    )
    auc_shortfall_max: float = Field(
        gt=0, le=1, description="how far the AUC may be below its estimate"
    )
    calibration_gap_max: float = Field(
        gt=0, le=1, description="largest distance of the mean probability from the outcome's share"
    )
    group_gap_max: float = Field(
        gt=0, le=1, description="how much larger that distance may be in a group"
    )
    group_rows: int = Field(ge=30, description="labelled rows below which a group is left out")


class Serving(BaseModel):
    """How good the service must be, by its log."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stale_share_max: float = Field(
        ge=0, le=1, description="largest share of rows with a feature that was too old"
    )
    lacking_share_max: float = Field(
        ge=0, le=1, description="largest share of rows for which a view had nothing"
    )
    error_rate_max: float = Field(
        ge=0, le=1, description="largest share of requests that failed by the service's fault"
    )
    latency_p99_ms_max: float = Field(gt=0, description="longest that 99 of 100 replies may take")


class WatchLimits(BaseModel):
    """All limits of a window."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    looking: Looking
    hurting: Hurting
    serving: Serving
