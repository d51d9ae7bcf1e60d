"""The flights that are compared: read once, a month at a time."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl

from include import partitions
from include.errors import DataError
from include.flights.members.predictions import dates
from include.flights.splits import Window
from include.monitoring import contents, seasons
from include.monitoring.contents import Contents
from include.monitoring.periods import Part, Periods
from include.monitoring.plain_columns import Kind
from include.monitoring.seasons import Season
from include.monitoring.trends import TREND_ROWS, draw

REFERENCE = "reference"
GROUPS = {"carrier": "Carrier", "origin": "Airport of departure"}


def read_periods(
    features: Path,
    flights: pl.DataFrame,
    window: Window,
    kinds: Mapping[str, Kind],
    most: tuple[int, int],
    seed: int,
) -> tuple[Periods, Season]:
    """Read the last month, its reference, and every month of the window.

    Args:
        flights: date, split, late, probability, and the columns of GROUPS, of each flight in the
            order of the features.
        most: flights that are drawn of the reference and of the last month.

    Raises:
        DataError: the last month has no flight.
    """
    flights = flights.with_row_index("row")
    month = last_month(flights, window)
    training = flights.filter(pl.col("split") == "train")
    season = seasons.reference(training["date"], window.months()[-1])
    before = training.filter(season.rows)
    months = by_month(flights)
    drawn = {
        REFERENCE: draw(before, most[0], seed),
        "current": draw(month, most[1], seed),
        **{name: draw(part, TREND_ROWS, seed) for name, part in months.items()},
        **(own_references(training, months, seed) if season.seasonal else {}),
    }
    samples = with_columns(drawn, features, list(kinds))
    last = max(months)
    parts = [
        Part(name, part, samples[name], fitted(part), samples.get(f"{REFERENCE} of {name}"))
        for name, part in sorted(months.items())
    ]
    periods = Periods(
        current=Part(last, month, samples["current"]),
        reference=Part(REFERENCE, before, samples[REFERENCE], fitted=True),
        unseen=validation(flights),
        months=parts,
        counted=(count(features, before, kinds), count(features, month, kinds)),
        # A season has not all the values that the model learned.
        learned=count(features, training, kinds) if season.seasonal else None,
    )
    return periods, season


def own_references(
    training: pl.DataFrame, months: Mapping[str, pl.DataFrame], seed: int
) -> dict[str, pl.DataFrame]:
    """For each month flights of its own season: against that of another, it differs by that alone.

    A month without an earlier year is compared with the whole training period.
    """
    found = {}
    for name, part in months.items():
        season = seasons.reference(training["date"], part["date"][0])
        found[f"{REFERENCE} of {name}"] = draw(training.filter(season.rows), TREND_ROWS, seed)
    return found


def fitted(part: pl.DataFrame) -> bool:
    """Whether the model learned from all flights of a period."""
    return bool((part["split"] == "train").all())


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


def by_month(flights: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The flights of each month, by its name."""
    named = flights.with_columns(month=pl.col("date").dt.strftime("%Y-%m"))
    parts = named.partition_by("month", as_dict=True, include_key=False)
    return {str(name): part for (name,), part in parts.items()}


def validation(flights: pl.DataFrame) -> Part:
    """The flights that chose the model: it did not learn from them."""
    unseen = flights.filter(pl.col("split") == "validation")
    return Part("unseen", unseen, unseen.clear())


def with_columns(
    drawn: Mapping[str, pl.DataFrame], features: Path, names: list[str]
) -> dict[str, pl.DataFrame]:
    """Each of the tables with columns of the features, by the row that its flights have there."""
    wanted = pl.concat([table.select("row") for table in drawn.values()]).unique()["row"]
    parts, first = [], 0
    for path in partitions.files(features):  # one month after the other: all are not held at once
        month = pl.read_parquet(path, columns=names).with_row_index("row", first)
        parts.append(month.filter(pl.col("row").is_in(wanted.implode())))
        first += len(month)
    held = pl.concat(parts)
    return {
        name: table.select("row", "late", "probability").join(
            held, on="row", how="left", maintain_order="left"
        )
        for name, table in drawn.items()
    }


def count(features: Path, period: pl.DataFrame, kinds: Mapping[str, Kind]) -> dict[str, Contents]:
    """What every flight of the period holds."""
    days: list[date] = period["date"].unique().to_list()
    rows = partitions.scan(features).filter(pl.col("date").is_in(days))
    first, last = dates(period)
    return contents.count(f"{first} to {last}", rows, kinds)
