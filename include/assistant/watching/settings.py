"""What params.yaml says of watching."""

from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

from include.monitoring.watch_log import Log


class Drift(BaseModel):
    """How the questions of a window are held against those before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: int = Field(
        ge=1, le=52, description="windows before, whose questions are the reference"
    )
    least: int = Field(
        ge=20, description="different questions on each side below which none is told"
    )
    most: int = Field(ge=100, le=20_000, description="most different questions drawn of each side")
    alike: float = Field(
        gt=0.5, le=1, description="cosine from which two vectors are one question in other words"
    )
    folds: int = Field(ge=2, le=20, description="parts, each judged by what the others taught")
    resamples: int = Field(ge=20, le=10_000, description="draws of questions for the interval")
    seed: int = Field(ge=0, description="seed of draws, folds and resamples")


class Limits(BaseModel):
    """What a window may be. Shares count as far as the interval is sure of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    refused_share_max: float = Field(ge=0, le=1, description="largest share of refused questions")
    citations_failed_share_max: float = Field(
        ge=0,
        le=1,
        description="largest share of questions whose answer its citations do not support",
    )
    useful_share_min: float = Field(ge=0, le=1, description="smallest share of useful feedback")
    question_drift_auc_max: float = Field(
        ge=0.5, le=1, description="how well the questions may be told from those before"
    )
    failed_share_max: float = Field(
        ge=0,
        le=1,
        description="largest share of questions that provider or budget left without the model",
    )
    error_rate_max: float = Field(
        ge=0, le=1, description="largest share of requests that failed by the service's fault"
    )
    latency_p99_ms_max: float = Field(gt=0, description="longest that 99 of 100 answers may take")
    cost_max: float = Field(
        ge=0, description="most that a window may cost, in the prices' currency"
    )
    quarantined_max: int = Field(ge=0, description="most lines of the log that cannot be read")
    stale_sources_max: int = Field(
        ge=0, description="most sources whose version is not the locked one"
    )


class Params(BaseModel):
    """Section watch_assistant of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    end: date = Field(description="first local day that is not seen")
    window: Literal["week", "month"] = Field(description="what is judged as one: week or month")
    windows: int = Field(ge=1, le=120, description="last whole windows that are judged")
    time_zone: str = Field(description="in which days begin")
    confidence: float = Field(gt=0.5, lt=1, description="of the intervals, which have two sides")
    listed: int = Field(
        ge=0, le=200, description="most pages of unanswered questions that are told"
    )
    log: Log = Field(description="of questions, as Parquet")
    drift: Drift = Field(description="how the questions of a window are held against those before")
    limits: Limits = Field(description="what a window may be")

    @field_validator("time_zone")
    @classmethod
    def is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (LookupError, ValueError, OSError) as error:
            raise ValueError(f"there is no time zone {name!r}") from error
        return name
