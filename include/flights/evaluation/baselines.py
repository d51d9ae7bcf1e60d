"""What a model must beat: two forecasts that need nothing but the schedule."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from include.flights.models.encoding import Encoder, require
from include.flights.models.history import History
from include.monitoring.performance import Floats


class Baseline(BaseModel):
    """Section evaluate_models.baselines of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rate_by: tuple[str, ...] = Field(min_length=1, description="features whose late rate is known")
    prior_rows: float = Field(ge=0, description="flights at the overall rate added to each group")
    schedule: tuple[str, ...] = Field(min_length=1, description="features of the schedule")
    rounds: int = Field(ge=1, le=2000, description="trees of the schedule-only model")
    max_depth: int = Field(ge=1, le=16, description="most levels of its trees")
    learning_rate: float = Field(gt=0, le=1, description="shrinkage per tree")
    threads: int = Field(ge=1, le=64, description="CPU threads of its training")


def late_rate(
    train: History, flights: pl.DataFrame, by: Sequence[str], prior_rows: float
) -> Floats:
    """The late rate of the flight's group in training, drawn towards the overall rate.

    Args:
        by: columns that make the groups; numbers count by their whole part (17.25 h is hour 17).
        prior_rows: flights at the overall rate that are added to each group, so that a group of a
            few flights does not claim a rate of 0 or 1.

    Returns:
        One probability per row of `flights`; the overall rate for a group never seen.
    """
    require(train.schema.names(), by)
    whole = [pl.col(name).floor() for name in by if train.schema[name].is_float()]
    counted = train.scan([*by, "late"]).with_columns(whole).group_by(*by)
    groups = counted.agg(pl.col("late").sum(), rows=pl.len()).collect(engine="streaming")
    overall = groups.select(pl.col("late").sum() / pl.col("rows").sum()).item()
    rate = (pl.col("late") + prior_rows * overall) / (pl.col("rows") + prior_rows)
    wanted, rates = flights.select(by).with_columns(whole), groups.select(*by, rate=rate)
    rated = wanted.join(rates, on=by, how="left", nulls_equal=True, maintain_order="left")
    return rated.get_column("rate").fill_null(overall).to_numpy().astype(np.float64)


def schedule_only(train: History, flights: pl.DataFrame, params: Baseline) -> Floats:
    """Train boosted trees on the columns of the schedule alone; score some flights."""
    from include.flights.trees import batches, xgb

    require(train.schema.names(), params.schedule)
    texts = [name for name in params.schedule if train.schema[name] == pl.String]
    numbers = [name for name in params.schedule if name not in texts]
    encoder = Encoder.fit(train.scan(texts), numbers, texts)
    tree = params.model_dump(include={"max_depth", "learning_rate"})
    machine = {"tree_method": "hist", "nthread": params.threads}
    booster = xgb.train(
        {"objective": "binary:logistic", **tree, **machine},
        batches.quantized(train, encoder, 256, params.threads),
        params.rounds,
    )
    return batches.predict(booster, flights, encoder)
