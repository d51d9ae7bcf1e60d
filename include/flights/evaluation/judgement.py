"""What the test period says of every model: numbers, intervals, slices and curves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Annotated

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, field_validator

from include.flights.evaluation import baselines, blending, slicing
from include.flights.evaluation.baselines import Baseline
from include.flights.evaluation.blending import Choice, Rule
from include.flights.evaluation.slicing import Slice
from include.flights.members import predictions
from include.flights.models.history import History
from include.monitoring import performance
from include.monitoring.performance import Floats, Interval, Period

BASELINES = ("late_rate", "schedule_only")
Share = Annotated[float, Field(gt=0, lt=1)]


class Params(BaseModel):
    """Section evaluate_models of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    choice: Rule = Field(description="which model serves")
    baselines: Baseline = Field(description="what a model must beat")
    resamples: int = Field(ge=20, le=10_000, description="draws of days for the intervals")
    confidence: float = Field(gt=0.5, lt=1, description="share of the draws inside an interval")
    seed: int = Field(ge=0, description="seed of the draws")
    calibration_bins: int = Field(ge=2, le=100, description="bins of the calibration error")
    max_calibration_error: float = Field(gt=0, lt=1, description="what the report calls good")
    thresholds: tuple[Share, ...] = Field(min_length=1, description="probabilities that flag")
    hour_bands: tuple[int, ...] = Field(min_length=1, description="local hours that start a band")
    min_rows: int = Field(ge=1, description="flights below which a group is not compared")

    @field_validator("hour_bands")
    @classmethod
    def covers_the_day(cls, starts: tuple[int, ...]) -> tuple[int, ...]:
        if starts[0] != 0 or starts[-1] > 23 or any(a >= b for a, b in pairwise(starts)):
            raise ValueError("hours must rise from 0 to at most 23")
        return starts

    @property
    def features(self) -> tuple[str, ...]:
        """The features that the evaluation reads."""
        slices = ("carrier", "origin", "sched_dep_hour")
        return (*slices, *self.baselines.rate_by, *self.baselines.schedule)


@dataclass(frozen=True)
class Split:
    """One period of the data."""

    name: str
    first: date
    last: date
    rows: int
    late_share: float


@dataclass(frozen=True)
class Gain:
    """How much better than the baseline, on the same draws; above 0 is better in every measure."""

    measure: str
    interval: Interval
    share_above_0: float


@dataclass(frozen=True)
class Evaluation:
    """All that the files and the report show."""

    params: Params
    splits: list[Split]
    choice: Choice
    chosen: str  # the name of the chosen model among the scores
    scores: dict[str, dict[str, Interval]]  # model, measure
    best_baseline: str
    gains: list[Gain]
    thresholds: dict[float, dict[str, Interval]]
    slices: dict[str, list[Slice]]
    monthly: list[tuple[str, str, dict[str, float]]]  # month, split, model to AUC
    expected: Interval  # mean probability of the chosen model
    calibration: dict[str, list[tuple[int, float, Interval]]]
    roc: dict[str, tuple[Floats, Floats]]
    precision_recall: dict[str, tuple[Floats, Floats]]


def evaluate(
    flights: pl.DataFrame, history: History, members: Mapping[str, Floats], params: Params
) -> Evaluation:
    """Choose on the validation flights, then judge on the test flights.

    Args:
        flights: date, late and split of every labelled flight.
        history: the same flights, with the features of `params`.
        members: model to one probability per flight.
    """
    unseen = (flights["split"] != "train").to_numpy()
    names = dict.fromkeys(["date", "late", "split", *params.features])
    later = history.only("validation", "test").scan(list(names)).collect()
    given = {name: values[unseen] for name, values in members.items()}
    is_validation = (later["split"] == "validation").to_numpy()
    held = period(later.filter(is_validation), 0, params)
    validation = {name: values[is_validation] for name, values in given.items()}
    choice = blending.choose(held.outcome, held.day, validation, params.choice)
    blend = {"blend": choice.blend.probability(given)}
    everyone = {**given, **blend, **baseline(history.only("train"), later, params)}
    splits = [split(flights, name) for name in ("train", "validation", "test")]
    return judge(later, everyone, choice, splits, params)


def judge(
    flights: pl.DataFrame,
    everyone: Mapping[str, Floats],
    choice: Choice,
    splits: list[Split],
    params: Params,
) -> Evaluation:
    """Say of the test flights how good each model is.

    Args:
        flights: those that no model was trained on.
        everyone: model or baseline to one probability per flight.
    """
    is_test = (flights["split"] == "test").to_numpy()
    test = flights.filter(is_test)
    judged = period(test, params.resamples, params)
    forecasts = {name: values[is_test] for name, values in everyone.items()}
    chosen = "blend" if choice.blended else next(iter(choice.chosen.members))
    drawn = {name: measure(judged, values, params) for name, values in forecasts.items()}
    best = max(BASELINES, key=lambda name: drawn[name]["auc"][0])
    final = forecasts[chosen]
    return Evaluation(
        params=params,
        splits=splits,
        choice=choice,
        chosen=chosen,
        scores={name: intervals(values, params) for name, values in drawn.items()},
        best_baseline=best,
        gains=gains(drawn[chosen], drawn[best], params),
        thresholds={
            limit: intervals(performance.at_threshold(judged, final, limit), params)
            for limit in params.thresholds
        },
        slices={
            by: slicing.slices(test, group, judged, final, params.confidence, params.min_rows)
            for by, group in slicing.groups(params.hour_bands).items()
        },
        monthly=monthly(flights, everyone),
        expected=performance.interval(judged.mean(final), params.confidence),
        calibration=calibration(judged, forecasts, params),
        roc={n: performance.roc_curve(judged.outcome, p, 101) for n, p in forecasts.items()},
        precision_recall={
            n: performance.precision_recall_curve(judged.outcome, p, 100)
            for n, p in forecasts.items()
        },
    )


def calibration(
    judged: Period, forecasts: Mapping[str, Floats], params: Params
) -> dict[str, list[tuple[int, float, Interval]]]:
    """The calibration curve of each model that is no baseline."""
    return {
        name: performance.calibration_curve(
            judged, values, params.calibration_bins, params.confidence
        )
        for name, values in forecasts.items()
        if name not in BASELINES
    }


def period(flights: pl.DataFrame, resamples: int, params: Params) -> Period:
    """The outcomes of some flights, and draws of their days."""
    day = flights["date"].rank("dense").to_numpy().astype(np.int64) - 1
    draws = performance.day_draws(int(day.max()) + 1, resamples, params.seed)
    return Period(flights["late"].to_numpy(), day, draws)


def baseline(train: History, flights: pl.DataFrame, params: Params) -> dict[str, Floats]:
    """What the two baselines, fitted on the training flights, say of others."""
    how = params.baselines
    rate = baselines.late_rate(train, flights, how.rate_by, how.prior_rows)
    return {"late_rate": rate, "schedule_only": baselines.schedule_only(train, flights, how)}


def measure(judged: Period, probability: Floats, params: Params) -> dict[str, Floats]:
    """Every measure of one model, one value per draw."""
    measured = {name: metric(judged, probability) for name, metric in blending.MEASURES.items()}
    bins = params.calibration_bins
    measured["calibration_error"] = performance.calibration_error(judged, probability, bins)
    return measured


def intervals(drawn: Mapping[str, Floats], params: Params) -> dict[str, Interval]:
    """The value and the interval of each measure."""
    return {name: performance.interval(each, params.confidence) for name, each in drawn.items()}


def gains(model: Mapping[str, Floats], other: Mapping[str, Floats], params: Params) -> list[Gain]:
    """Compare two models draw by draw."""
    result = []
    for name in blending.MEASURES:
        sign = -1 if name in blending.LOWER_IS_BETTER else 1
        gain = sign * (model[name] - other[name])
        above = float(np.nanmean(gain[1:] > 0))
        result.append(Gain(name, performance.interval(gain, params.confidence), above))
    return result


def monthly(
    flights: pl.DataFrame, everyone: Mapping[str, Floats]
) -> list[tuple[str, str, dict[str, float]]]:
    """AUC by month that no model was trained on; NaN where all flights ended the same way."""
    month = pl.col("date").dt.strftime("%Y-%m")
    months = flights.select(month, "split", row=pl.int_range(pl.len()))
    result = []
    for (label, name), part in months.group_by("date", "split", maintain_order=True):
        rows = part["row"].to_numpy()
        late = flights["late"].gather(rows).to_numpy()
        one = Period(late, np.zeros(len(late), dtype=np.int64), np.ones((1, 1)))
        areas = {
            model: float(performance.auc(one, values[rows])[0])
            for model, values in everyone.items()
        }
        result.append((str(label), str(name), areas))
    return sorted(result, key=lambda row: row[0])


def split(flights: pl.DataFrame, name: str) -> Split:
    """The days, flights and late share of one period."""
    part = flights.filter(pl.col("split") == name)
    first, last = predictions.dates(part)
    return Split(name, first, last, part.height, float(part["late"].to_numpy().mean()))
