"""Stage train_rule: the length of the petal from which a flower is called a virginica."""

import json
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from include import step
from include.monitoring import performance
from include.step import Out


class Params(BaseModel):
    """Section train_rule of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decimals: int = Field(ge=0, le=6, description="of the length at which the rule decides")


def train_rule(flowers: Path, rule: Out, metrics: Out, params: Params) -> None:
    """Take the middle between the mean lengths of the two kinds."""
    table = pl.read_csv(flowers)
    means = table.group_by("virginica").agg(pl.col("petal_cm").mean())["petal_cm"]
    rule.write_text(json.dumps({"from_cm": round(float(means.mean()), params.decimals)}) + "\n")
    outcome, length = table["virginica"].to_numpy(), table["petal_cm"].to_numpy()
    whole = performance.Period(outcome, np.zeros(len(outcome), np.int64), np.ones((1, 1)))
    area = float(performance.auc(whole, length)[0])
    metrics.write_text(json.dumps({"auc": round(area, 6), "flowers": len(table)}) + "\n")


if __name__ == "__main__":
    raise SystemExit(step.run(train_rule))
