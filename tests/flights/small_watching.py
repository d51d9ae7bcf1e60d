"""Three months of fifty flights, scored by a tiny champion: a folder in which months are watched."""

import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import yaml
from live_repo import bento, flights, lay_features

from include.flights.fetch_champion import take_model
from include.flights.score_flights import Params as ScoreParams
from include.flights.score_flights import score_flights
from include.flights.splits import Label, Window
from include.flights.watch_flights import watch_flights
from include.flights.watching.settings import Params

ROOT = Path(__file__).parents[2]
SECTION = yaml.safe_load((ROOT / "params.yaml").read_text())["watch_flights"]
SECTION["hurting"]["group_rows"] = 30
YEAR = Window(start=date(2013, 10, 1), end=date(2014, 1, 1))
LABEL = Label(late_after_min=15)


def ended(month: int) -> pl.DataFrame:
    """How the flights of live_repo ended: each third was late."""
    table = flights(month).select("flight_id", sched_dep_utc=pl.col("cutoff_utc"))
    return table.with_columns(
        arr_utc=pl.col("sched_dep_utc") + timedelta(hours=3),
        arr_delay_min=pl.when(pl.int_range(pl.len()) % 3 == 0).then(40).otherwise(0),
    )


class Place:
    """A folder in which the stage can be run."""

    def __init__(self, root: Path) -> None:
        self.root, self.champion, self.features = root, root / "champion", root / "features"
        self.scores, self.flights, self.facts = root / "scores", root / "flights", root / "facts"

    def run(self, window: Window = YEAR, **changes: object) -> dict[str, object]:
        watch_flights(
            self.champion,
            self.scores,
            self.features,
            self.flights,
            self.facts,
            self.root / "watch.json",
            self.root / "metrics.json",
            window=window,
            label=LABEL,
            params=Params(**{**SECTION, **changes}),
        )
        told: dict[str, object] = json.loads((self.root / "watch.json").read_text())
        return told

    def score(self, months: int = 3, window: Window = YEAR) -> None:
        score_flights(
            self.champion,
            self.features,
            self.scores,
            self.root / "scores.json",
            window=window,
            params=ScoreParams(months=months),
        )

    def change(self, table: pl.DataFrame, month: str = "2013-12") -> None:
        table.write_parquet(self.scores / f"{month}.parquet")

    def december(self) -> pl.DataFrame:
        return pl.read_parquet(self.scores / "2013-12.parquet")

    def made(self) -> dict[str, bytes]:
        files = [*self.facts.iterdir(), self.root / "watch.json", self.root / "metrics.json"]
        return {file.name: file.read_bytes() for file in files}


def make(root: Path) -> Path:
    """Features, outcomes, a champion, what it says of three months, and their facts."""
    root.mkdir()
    lay_features(root / "features")
    for month in (10, 11, 12):
        day = pl.col("cutoff_utc").dt.date().alias("date")
        flights(month).with_columns(day).write_parquet(root / f"features/2013-{month}.parquet")
    (root / "flights").mkdir()
    for month in (10, 11, 12):
        ended(month).write_parquet(root / f"flights/2013-{month}.parquet")
    (root / "champion").mkdir()
    take_model(bento(root / "work", {"xgboost": 1.0}), root / "champion", "v0.0.3")
    (root / "champion" / "champion.json").write_text('{"version": "v0.0.3"}')
    Place(root).score()
    Place(root).run()
    return root
