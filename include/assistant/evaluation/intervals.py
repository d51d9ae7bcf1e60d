"""Means over questions, with intervals from whole pages drawn anew.

Questions of one page share its style and its subject, so pages are drawn, not questions: as days
are for flights, by the same code.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from include.monitoring import performance
from include.monitoring.performance import Floats, Interval, Period

DIGITS = 6  # further ones differ between machines


class Evaluation(BaseModel):
    """Section evaluation of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    resamples: int = Field(ge=20, le=10_000, description="draws of pages for the intervals")
    confidence: float = Field(gt=0.5, lt=1, description="share of the draws inside an interval")
    seed: int = Field(ge=0, description="of the draws")


def draws(questions: pl.DataFrame, rules: Evaluation) -> Period:
    """Draws of the pages that some questions are of, in the order of the questions."""
    pages = questions.select("source", "page").rows()
    number = {page: place for place, page in enumerate(sorted({*pages}))}
    places = np.array([number[page] for page in pages], dtype=np.int64)
    drawn = performance.day_draws(len(number), rules.resamples, rules.seed)
    return Period(np.ones(len(places), dtype=np.bool_), places, drawn)


def mean(period: Period, values: Sequence[float] | Floats, rules: Evaluation) -> Interval:
    """The mean of one number per question, with its interval."""
    held = np.asarray(values, dtype=np.float64)
    return rounded(performance.interval(period.mean(held), rules.confidence))


def rounded(one: Interval) -> Interval:
    """An interval of as many digits as are the same everywhere."""
    value, low, high = (round(float(end), DIGITS) + 0.0 for end in (one.value, one.low, one.high))
    return Interval(value, low, high)


def named(name: str, one: Interval) -> dict[str, float]:
    """A number and the ends of its interval, under three names."""
    return {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}


def write_metrics(path: Path, numbers: Mapping[str, float | int]) -> None:
    """Write numbers as JSON, which has a null for what is none."""
    held = {name: None if math.isnan(value) else value for name, value in numbers.items()}
    path.write_text(json.dumps(held, indent=2, allow_nan=False) + "\n")
