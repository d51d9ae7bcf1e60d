"""The model that is live, beside the one that asks to be: on the same flights, in one process."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from include import partitions
from include.errors import DataError
from include.flights.evaluation.blending import LOWER_IS_BETTER, MEASURES
from include.flights.members.chosen import read_text
from include.flights.promotion.rules import Gates
from include.flights.serving import predictor
from include.flights.serving.predictor import Predictor
from include.monitoring import gates
from include.monitoring.gates import Gate
from include.monitoring.performance import Floats, Period
from include.serving import bento_file
from include.serving.manifest import MODEL

Numbers = dict[str, float]


@dataclass(frozen=True)
class Judged:
    """The labelled flights of the test period, and what the candidate said of each."""

    ids: pl.Series
    period: Period  # with draws of days
    candidate: Floats


def read_champion(folder: Path) -> dict[str, Any] | None:
    """What is known of the champion: version, commit, md5; None if there is none.

    Raises:
        DataError: champion.json is damaged.
    """
    path = folder / "champion.json"
    try:
        held = json.loads(read_text(path))
        return {**held} if held["version"] is not None else None
    except (ValueError, KeyError, TypeError) as error:
        what = f"{path} does not say which version is live: {error!r}."
        raise DataError(what, "run `dvc repro fetch_champion`, which writes it.") from None


def compare(
    folder: Path, bento: Path, features: Path, test: Judged, rules: Gates
) -> tuple[list[Gate], Numbers]:
    """Judge a candidate beside the champion; the numbers are gain and gain_low.

    A champion that cannot answer on these flights cannot be compared: that is a failed gate.
    """
    limits = {"champion": str(rules.champion), "latency": str(rules.latency)}
    if read_champion(folder) is None:
        return [gates.nothing_to_compare(name, limit) for name, limit in limits.items()], {}
    try:
        champion = predictor.load(folder, threads=1)
        predictor.see_that_it_answers_alike(champion, folder, "it")
        table = rows_of(features, champion, test.ids)
        probability = champion.predict(table)
        if not np.isfinite(probability).all():
            what = "it answers what is no probability."
            raise DataError(what, "let another version be champion.")
    except DataError as error:
        reason = f"The champion cannot be asked about these flights: {error.what}"
        return [Gate(name, None, limit, False, reason) for name, limit in limits.items()], {}
    worse, numbers = gates.not_worse(
        gain(test, probability, rules.champion.measure), rules.champion
    )
    with unpacked(bento) as model:
        candidate = predictor.load(model, threads=1)
        asked = timed(candidate, rows_of(features, candidate, test.ids))
        slow, ratios = gates.no_slower(asked, timed(champion, table), rules.latency)
    said = ", ".join(f"{ratio:.2f} at {rows:,} rows" for rows, ratio in ratios.items())
    print(f"latency as a multiple of the champion's: {said}", flush=True)
    return [worse, slow], numbers


def gain(test: Judged, champion: Floats, measure: str) -> Floats:
    """How much better the candidate is, one per draw of days."""
    ours, theirs = (MEASURES[measure](test.period, one) for one in (test.candidate, champion))
    return theirs - ours if measure in LOWER_IS_BETTER else ours - theirs


def rows_of(features: Path, model: Predictor, ids: pl.Series) -> pl.DataFrame:
    """The features that a model reads of some flights, in their order.

    Raises:
        DataError: it reads one that is not there.
    """
    months = partitions.scan(features)
    held = months.collect_schema().names()
    if missing := [name for name in model.names if name not in held]:
        what = f"it reads {missing[0]!r}, and {features} has no such column."
        raise DataError(what, "let another version be champion.")
    wanted = ids.to_frame("flight_id")
    found = months.select("flight_id", *model.names).join(wanted.lazy(), on="flight_id", how="semi")
    return wanted.join(found.collect(), on="flight_id", how="left", maintain_order="left")


def timed(model: Predictor, table: pl.DataFrame) -> Callable[[int], Floats]:
    """A function that answers the first so many flights."""
    return lambda rows: model.predict(table.head(rows))


@contextmanager
def unpacked(bento: Path) -> Iterator[Path]:
    """The folder of a bento's model, while it is needed: what goes live is what is timed.

    Raises:
        DataError: it is no bento.
    """
    with TemporaryDirectory(prefix="bento-") as folder:
        try:
            bento_file.unpack(bento, Path(folder), inside=f"{MODEL}/")
        except (*bento_file.UNREADABLE, OSError) as error:
            what = f"{bento} is no bento: {error}."
            raise DataError(what, "run `dvc repro package_bento`, which packs it.") from None
        yield Path(folder) / MODEL
