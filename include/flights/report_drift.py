"""Stage report_drift: does the last month look like the months that the model learned from?"""

import json
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import Field

from include import partitions, step
from include.errors import DataError, ParamsError, did_you_mean
from include.flights import columns
from include.flights.members.chosen import read_chosen
from include.flights.members.predictions import check_columns, dates, read_flights, read_members
from include.flights.splits import Splits, Window
from include.monitoring import drift, drift_page
from include.monitoring.drift_limits import Limits, Words
from include.monitoring.plain_columns import Kind
from include.step import Out

WORDS = Words(rows="flights", outcome="late", otherwise="punctual", score="probability")
NOTE = (
    "The model was fitted to the reference flights, so it is surer of them than of new ones: "
    "some movement of the predictions is there from the first day."
)


class Params(Limits):
    """Section report_drift of params.yaml."""

    reference_rows: int = Field(ge=100, description="most flights drawn from the training period")
    current_rows: int = Field(ge=100, description="most flights drawn from the last month")
    seed: int = Field(ge=0, description="seed of both draws")
    left_out: tuple[str, ...] = Field(description="features that move by themselves, not compared")


def report_drift(
    features: Path,
    predictions: Path,
    chosen: Path,
    page: Out,
    numbers: Out,
    metrics: Out,
    window: Window,
    splits: Splits,
    params: Params,
) -> None:
    """Compare the last month of the window with the training period, and give a verdict."""
    kinds = compared(params)
    flights = read_flights(features, (), window, splits)
    members = read_members(predictions, flights)
    probability = read_chosen(chosen).probability(members)
    flights = flights.with_columns(pl.Series(WORDS.score, probability)).with_row_index("row")
    training = flights.filter(pl.col("split") == "train")
    month = last_month(flights, window)
    reference = draw(training, params.reference_rows, params.seed)
    current = draw(month, params.current_rows, params.seed)
    both = with_columns(pl.concat([reference, current]), features, list(kinds))
    title = f"Drift of the flights in {window.months()[-1]:%Y-%m}"
    facts = [describe("Reference", training, reference), describe("Current", month, current)]
    tables = both.head(len(reference)), both.tail(len(current))
    found, html = drift.score(*tables, kinds, params, WORDS)
    page.write_text(drift_page.with_verdict(html, title, [*facts, NOTE], found))
    numbers.write_text(as_text({"title": title, "periods": facts, **found.as_json()}))
    metrics.write_text(as_text(found.as_metrics()))
    print(f"{title}. {found.answer}", flush=True)


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


def last_month(flights: pl.DataFrame, window: Window) -> pl.DataFrame:
    """The flights of the window's last month.

    Raises:
        DataError: it has none.
    """
    month = window.months()[-1]
    current = flights.filter(pl.col("date") >= month)
    if current.is_empty():
        raise DataError(
            f"The features hold no flight of {month:%Y-%m}, the last month of the window; "
            f"the last is of {dates(flights)[1]}.",
            "set window.end in params.yaml to the end of a month that has labelled flights.",
        )
    return current


def draw(flights: pl.DataFrame, most: int, seed: int) -> pl.DataFrame:
    """At most so many of the flights, at random but always the same, in their order."""
    if len(flights) <= most:
        return flights
    rows = np.random.default_rng(seed).choice(len(flights), most, replace=False)
    return flights[np.sort(rows)]


def with_columns(flights: pl.DataFrame, features: Path, names: list[str]) -> pl.DataFrame:
    """Add columns of the features to some flights, by the row that they have there.

    Raises:
        DataError: the features lack a column.
    """
    check_columns(features, names, "run `dvc repro build_features`, which makes it anew.")
    parts, first = [], 0
    for path in partitions.files(features):  # one month after the other: all are not held at once
        month = pl.read_parquet(path, columns=names).with_row_index("row", first)
        parts.append(month.filter(pl.col("row").is_in(flights["row"].implode())))
        first += len(month)
    return flights.join(pl.concat(parts), on="row", how="left", maintain_order="left")


def describe(name: str, period: pl.DataFrame, drawn: pl.DataFrame) -> str:
    """Say which days a table holds, and how many of its flights are compared."""
    first, last = dates(period)
    return f"{name}: {first} to {last}, {len(drawn):,} of {len(period):,} flights."


def as_text(numbers: dict[str, object] | dict[str, float | None]) -> str:
    """JSON that a person can read."""
    return json.dumps(numbers, indent=2) + "\n"


if __name__ == "__main__":
    raise SystemExit(step.run(report_drift))
