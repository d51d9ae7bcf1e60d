"""Stage score_flights: what the champion says of the flights of the last months, one file a month.

A month is scored again only if its flights, the champion or this code changed.
"""

import functools
import json
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from include import partitions, step
from include.errors import DataError
from include.flights.members.chosen import read_chosen
from include.flights.members.records import MEMBERS
from include.flights.serving import predictor
from include.flights.serving.predictor import Predictor
from include.flights.splits import Window
from include.serving.code import code_of
from include.step import Kept, Out

NOBODY = "no champion: no version is live, or champion.version is none"


class Params(BaseModel):
    """Section score_flights of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    months: int = Field(ge=1, le=1200, description="last months of the window that are scored")


def score_flights(
    champion: Path, features: Path, scores: Kept, metrics: Out, window: Window, params: Params
) -> None:
    """Bring the scores of the last months up to the features and the champion.

    Raises:
        DataError: a month has no features, they lack what the champion reads, or it does not answer
            here as where it was packaged.
    """
    about = json.loads((champion / "champion.json").read_text())
    if about["version"] is None:
        partitions.update(scores, {}, build=lambda month, folder: None)
        partitions.write_keys(scores, {})  # a folder without a file is none to git and some tools
        told, said = {"version": None, "rows": 0, "reason": NOBODY}, NOBODY
    else:
        months = [f"{month:%Y-%m}" for month in window.months()[-params.months :]]
        made = update(scores, features, champion, about["version"], months)
        told = numbers(partitions.scan(scores).collect(), about["version"])
        said = f"{about['version']} scored {told['rows']:,} flights, months made: {made or 'none'}"
    metrics.write_text(json.dumps(told, indent=2) + "\n")
    print(said, flush=True)


def update(
    scores: Path, features: Path, champion: Path, version: str, months: list[str]
) -> list[str]:
    """Bring the folder to exactly these months, and say which were made."""
    members = read_chosen(champion / "chosen.json").members
    code = code_of(predictor.__name__, *(MEMBERS[name].module for name in members))
    held = [champion / "champion.json", champion / "manifest.json", Path(__file__), *code]
    files = {month: features / f"{month}.parquet" for month in months}
    for file in files.values():
        if not file.exists():
            fix = "run `dvc repro build_features`, which writes it."
            raise DataError(f"{file} does not exist.", fix)
    common = partitions.content_key(*held)
    keys = {month: partitions.content_key(common, file) for month, file in files.items()}
    manifest = json.loads((champion / "manifest.json").read_text())
    model = functools.cache(lambda: loaded(champion, version))

    def build(month: str, folder: Path) -> None:
        flights = pl.read_parquet(files[month])
        table = score(flights, model(), manifest["late_from_probability"], version)
        table.write_parquet(folder / f"{month}.parquet")

    return partitions.update(scores, keys, build)


def loaded(champion: Path, version: str) -> Predictor:
    """The champion, which answers as it did when it was packaged.

    Raises:
        DataError: it does not.
    """
    # One thread: how many there are may change the last digits of what torch says.
    model = predictor.load(champion, threads=1)
    predictor.see_that_it_answers_alike(model, champion, version)
    return model


def score(flights: pl.DataFrame, model: Predictor, late_from: float, version: str) -> pl.DataFrame:
    """What a model says of flights.

    Args:
        flights: one row per flight, with all features.
        late_from: probability from which a flight is called late.

    Returns:
        flight_id, cutoff_utc, probability, late and version, in the order of the flights.
    """
    probability = pl.Series("probability", model.predict(flights), pl.Float64)
    return flights.select(
        "flight_id",
        "cutoff_utc",
        probability,
        late=probability >= late_from,
        version=pl.lit(version),
    )


def numbers(scores: pl.DataFrame, version: str) -> dict[str, Any]:
    """How many flights were scored, how likely they are to be late, and how many are flagged."""
    mean = pl.col("probability", "late").mean().round(6)
    probability, late = scores.select(mean).row(0)
    return {
        "version": version,
        "rows": scores.height,
        "mean_probability": probability,
        "late_share": late,
    }


if __name__ == "__main__":
    raise SystemExit(step.run(score_flights))
