"""Stage report_drift: does the last month look like what the model learned from, does it hurt?"""

import json
from pathlib import Path

import polars as pl
from pydantic import Field

from include import step
from include.errors import ParamsError, did_you_mean
from include.flights import columns
from include.flights.drifting.reading import GROUPS, read_periods
from include.flights.drifting.weights import read_weights
from include.flights.members.chosen import read_chosen
from include.flights.members.predictions import (
    check_columns,
    dates,
    read_flights,
    read_members,
)
from include.flights.splits import Splits, Window
from include.monitoring import drift, drift_page
from include.monitoring.drift_limits import Limits, Words
from include.monitoring.drift_page import Told
from include.monitoring.periods import Part, Periods, Terms
from include.monitoring.plain_columns import Kind
from include.step import Out

WORDS = Words(rows="flights", outcome="late", otherwise="punctual", score="probability")
# How the page finds Evidently's: while both are written, they have other names.
DETAILS = "drift_details.html"
NOTE = (
    "The model was fitted to the reference flights, so it is surer of them than of new ones: "
    "some movement of the predictions is there from the first day."
)


class Params(Limits):
    """Section report_drift of params.yaml."""

    reference_rows: int = Field(ge=100, description="most flights drawn from the reference")
    current_rows: int = Field(ge=100, description="most flights drawn from the last month")
    group_rows: int = Field(ge=1, description="fewest flights of a group that is told apart")
    seed: int = Field(ge=0, description="seed of the draws")
    left_out: tuple[str, ...] = Field(description="features that move by themselves, not compared")


def report_drift(
    features: Path,
    predictions: Path,
    chosen: Path,
    models: Path,
    page: Out,
    details: Out,
    numbers: Out,
    metrics: Out,
    window: Window,
    splits: Splits,
    params: Params,
) -> None:
    """Compare the last month with its reference, weigh it by the model, and give a verdict."""
    periods, terms, told = read(features, predictions, chosen, models, window, splits, params)
    found, html = drift.score(periods, terms)
    page.write_text(drift_page.page(found, terms, told), encoding="utf-8")
    details.write_text(html, encoding="utf-8")
    said = {"title": told.title, "periods": described(periods), "season": told.season}
    numbers.write_text(as_text({**said, **found.as_json()}))
    metrics.write_text(as_text(found.as_metrics()))
    print(f"{told.title}. {found.verdict.sentence} {found.verdict.to_do}", flush=True)


def read(
    features: Path,
    predictions: Path,
    chosen: Path,
    models: Path,
    window: Window,
    splits: Splits,
    params: Params,
) -> tuple[Periods, Terms, Told]:
    """Read what is compared, how, and what the page says of it."""
    kinds = compared(params)
    fix = "run `dvc repro build_features`, which makes it anew."
    check_columns(features, [*kinds, *GROUPS], fix)
    model = read_chosen(chosen)
    weights, weighed = read_weights(models, model)
    flights = read_flights(features, list(GROUPS), window, splits)
    probability = model.probability(read_members(predictions, flights))
    flights = flights.with_columns(pl.Series(WORDS.score, probability))
    most = (params.reference_rows, params.current_rows)
    periods, season = read_periods(features, flights, window, kinds, most, params.seed)
    told = Told(
        title=f"Drift of the flights in {periods.current.name}",
        periods=[*described(periods), NOTE],
        season=season.sentence,
        weighed=weighed,
        details=DETAILS,
        meanings={one.name: f"{one.meaning} ({one.unit})" for one in columns.FEATURES},
        headings=GROUPS,
    )
    return periods, Terms(kinds, params, WORDS, weights, list(GROUPS), params.group_rows), told


def compared(params: Params) -> dict[str, Kind]:
    """The features that are compared, each with its kind.

    Raises:
        ParamsError: left_out names a column that is no feature, or every feature.
    """
    where = "change report_drift.left_out in params.yaml."
    names = columns.names()
    for name in params.left_out:
        if name not in names:
            what = f"report_drift.left_out names {name!r}, which is no feature."
            raise ParamsError(what + did_you_mean(name, names), where)
    kinds = {
        feature.name: feature.kind
        for feature in columns.FEATURES
        if feature.name not in params.left_out
    }
    if not kinds:
        raise ParamsError(f"report_drift.left_out names all {len(names)} features.", where)
    return kinds


def described(periods: Periods) -> list[str]:
    """Which days the periods hold, and how many of their flights are compared."""
    return [describe("Reference", periods.reference), describe("Current", periods.current)]


def describe(name: str, part: Part) -> str:
    """Which days a period holds, and how many of its flights are compared."""
    first, last = dates(part.outcomes)
    drawn, held = len(part.sample), len(part.outcomes)
    return f"{name}: {first} to {last}, {drawn:,} of {held:,} flights."


def as_text(numbers: dict[str, object] | dict[str, float | None]) -> str:
    """JSON that a person can read."""
    return json.dumps(numbers, indent=2) + "\n"


if __name__ == "__main__":
    raise SystemExit(step.run(report_drift))
