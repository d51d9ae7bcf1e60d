"""Flights with what each model said of them, row for row."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from include import partitions
from include.errors import DataError, at_most_ten, did_you_mean
from include.flights.members.records import MEMBERS
from include.flights.splits import Splits, Window
from include.monitoring.performance import Floats

NAME_COLUMNS = "name columns of include/flights/columns.py in evaluate_models of params.yaml."
COLUMNS = ("flight_id", "split", "late", "probability")


def read_flights(
    features: Path, names: Sequence[str], window: Window, splits: Splits
) -> pl.DataFrame:
    """Every labelled flight of the window: id, date, late, split and some features.

    Raises:
        DataError: a feature is missing, or validation or test flights all end the same way.
    """
    wanted = list(dict.fromkeys(["flight_id", "date", "late", *names]))
    check_columns(features, wanted)
    split = splits.expression(window)
    flights = partitions.scan(features).select(wanted).with_columns(split=split).collect()
    for name in ("train", "validation", "test"):
        check_both_outcomes(flights, name)
    return flights


def check_columns(features: Path, names: Sequence[str], fix: str = NAME_COLUMNS) -> None:
    """Raise DataError if the features lack a column.

    Args:
        fix: what to do then.
    """
    held = partitions.scan(features).collect_schema().names()
    for name in names:
        if name not in held:
            raise DataError(f"{features} has no column {name!r}.{did_you_mean(name, held)}", fix)


def check_both_outcomes(flights: pl.DataFrame, split: str) -> None:
    """Raise DataError if a period has no flight, or flights of one outcome only."""
    part = flights.filter(pl.col("split") == split)
    outcomes = part.get_column("late").unique().to_list()
    if len(outcomes) == 2:
        return
    if part.is_empty():
        what = f"The {split} period holds no flight."
    else:
        first, last = dates(part)
        ended = "late" if outcomes[0] else "punctual"
        what = f"All {part.height:,} flights of the {split} period, {first} to {last}, are {ended}."
    raise DataError(what, "move window.end, or change splits or label in params.yaml.")


def read_members(folder: Path, flights: pl.DataFrame) -> dict[str, Floats]:
    """What each member said of each flight, in the order of the flights."""
    return {name: read_predictions(name, folder / f"{name}.parquet", flights) for name in MEMBERS}


def read_predictions(model: str, path: Path, flights: pl.DataFrame) -> Floats:
    """The probabilities of one model, checked against the flights row by row.

    Raises:
        DataError: there is no such file; columns, flights, splits or labels are not those of the
            features; or a probability is not in 0..1.
    """
    fix = f"run `dvc repro train_{model}`, which predicts them anew."
    if not path.exists():
        raise DataError(f"{path} does not exist.", fix)
    columns = list(pl.read_parquet_schema(path))
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        held = at_most_ten(columns)
        raise DataError(f"{path} has no column {at_most_ten(missing)}; it has {held}.", fix)
    table = pl.read_parquet(path, columns=list(COLUMNS))
    check_same_flights(path, table, flights, fix)
    for name in ("split", "late"):
        other = (table[name] != flights[name]).fill_null(True)
        if other.any():
            first = flights["flight_id"].filter(other)[0]
            what = f"{path} has another {name} than the features for {other.sum():,} flights, "
            raise DataError(f"{what}the first of them {first}.", fix)
    probability = table["probability"].cast(pl.Float64)
    wrong = ~probability.is_between(0, 1).fill_null(False) | probability.is_nan().fill_null(True)
    if wrong.any():
        ids = at_most_ten(flights["flight_id"].filter(wrong))
        what = f"{path} has {wrong.sum():,} probabilities that are not numbers from 0 to 1: {ids}."
        raise DataError(what, fix)
    return probability.to_numpy().astype(np.float64)


def check_same_flights(path: Path, table: pl.DataFrame, flights: pl.DataFrame, fix: str) -> None:
    """Raise DataError unless both tables hold the same flights in the same order."""
    ids, known = table["flight_id"], flights["flight_id"]
    if ids.equals(known):
        return
    strange = ids.filter(~ids.is_in(known.implode()))
    lacking = known.filter(~known.is_in(ids.implode()))
    what = f"{path} holds {len(ids):,} flights and the features {len(known):,}: "
    if len(strange) or len(lacking):
        facts = []
        if len(lacking):
            facts.append(f"{len(lacking):,} have no prediction ({at_most_ten(lacking)})")
        if len(strange):
            facts.append(f"{len(strange):,} are not in the features ({at_most_ten(strange)})")
        raise DataError(f"{what}{'; '.join(facts)}.", fix)
    if len(ids) != len(known):
        twice = ids.filter(ids.is_duplicated()).unique(maintain_order=True)
        raise DataError(f"{what}some are there more than once ({at_most_ten(twice)}).", fix)
    row = int((ids != known).arg_max() or 0)
    order = f"the order differs from row {row + 1:,} on ({ids[row]}, not {known[row]})."
    raise DataError(what + order, fix)


def dates(flights: pl.DataFrame) -> tuple[date, date]:
    """The first and the last local day."""
    day = pl.col("date")
    return flights.select(first=day.min(), last=day.max()).row(0)
