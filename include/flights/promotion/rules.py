"""Section promotion of params.yaml: what a model must reach to go live."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from include.flights.evaluation.blending import MEASURES
from include.monitoring.gates import Latency, Limit, Paired


class Gates(BaseModel):
    """The gates, each with its limit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    evaluation: dict[str, Limit] = Field(
        description="limits by name of a number in metrics/evaluation.json: minimum, maximum"
    )
    drift: dict[str, Limit] = Field(description="the same of metrics/drift.json")
    champion: Paired = Field(description="how much worse than the champion, on the same flights")
    bento_mb: float = Field(gt=0, description="largest bento, MB")
    latency: Latency = Field(description="how much slower than the champion")

    @field_validator("champion")
    @classmethod
    def has_a_known_measure(cls, rule: Paired) -> Paired:
        if rule.measure not in MEASURES:
            raise ValueError(f"the measure is one of {', '.join(MEASURES)}")
        return rule


class Promotion(BaseModel):
    """Section promotion of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    risk: Literal["low", "high"] = Field(
        description="low: what passes goes live; high: a person approves it in Airflow first"
    )
    gates: Gates = Field(description="what the model of a run must reach to go live")
