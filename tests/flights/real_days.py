"""Eleven real days with their features, and an online store that is filled along them."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import yaml

from include.feature_store import repository as feast_repo
from include.feature_store.receipt import RECEIPT, Receipt, Seen
from include.flights import ingest_flights as ingest
from include.flights import materialize_features as materialize
from include.flights.build_features import Params, build_features
from include.flights.splits import Label, Window

ROOT = Path(__file__).parents[2]
WINDOW = Window(start=date(2013, 1, 1), end=date(2013, 1, 12))


def make(root: Path) -> Path:
    """The days in a folder, as the stages leave them."""
    held = root / "data/validated"
    held.mkdir(parents=True)
    params = yaml.safe_load((ROOT / "params.yaml").read_text())["ingest_flights"]
    ingest.ingest_flights(
        held / "flights", held / "weather", held / "reference", WINDOW, ingest.Params(**params)
    )
    shutil.copytree(ROOT / "feature_repo", root / "feature_repo")
    build_features(
        *(held / name for name in ("flights", "weather", "reference")),
        root / "feature_repo",
        root / "data/feature_views",
        root / "data/features",
        root / "features.json",
        WINDOW,
        Label(late_after_min=15),
        Params(lead_h=2, stranded_after_h=3),
    )
    return root


def labelled(days: Path) -> pl.DataFrame:
    """The training set of these days, and what a client would know of each flight."""
    known = pl.read_parquet(days / "data/validated/flights/2013-01.parquet")
    asked = known.select("flight_id", "flight", "tailnum", "sched_arr_utc")
    return pl.read_parquet(days / "data/features/2013-01.parquet").join(asked, on="flight_id")


def body_of(flights: pl.DataFrame) -> bytes:
    """What a client sends about flights of the training set."""
    rows = []
    for flight in flights.to_dicts():
        leaves, lands = flight["sched_dep_utc"], flight["sched_arr_utc"]
        rows.append(
            {
                **{name: flight[name] for name in ("carrier", "flight", "origin", "dest")},
                **({"tailnum": flight["tailnum"]} if flight["tailnum"] else {}),
                "distance_mi": flight["distance_mi"],
                "scheduled_departure": f"{leaves:%Y-%m-%dT%H:%M}Z",
                "scheduled_arrival": (lands - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M-05:00"),
            }
        )
    return json.dumps(rows).encode()


def zones(days: Path) -> dict[str, str]:
    """Airport to time zone, as packaged."""
    airports = pl.read_parquet(days / "data/validated/reference/airports.parquet")
    listed = airports.drop_nulls("tzone").select("faa", "tzone").iter_rows()
    params = yaml.safe_load((ROOT / "params.yaml").read_text())["ingest_flights"]
    return {**dict(listed), **params["time_zones"]}


class Filling:
    """An online store that is filled from one moment to the next, as a schedule would."""

    def __init__(self, days: Path, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.done = folder, datetime(1990, 1, 1, tzinfo=UTC)
        target = materialize.choose("sqlite", folder, days / "feature_repo", folder)
        self.store = feast_repo.open_store(days / "feature_repo", folder, target.settings)
        self.views = materialize.online_views(self.store, days / "data/feature_views")
        target.clear(self.store, self.views, self.views, None)
        seen = {
            view.name: Seen(
                code="",
                end=self.done,
                entities=0,
                files={},
                keys=list(view.join_keys),
                features=[feature.name for feature in view.features],
            )
            for view in self.views
        }
        receipt = Receipt(
            online_store="sqlite", project="flights", key_version=3, token="", views=seen
        )
        (folder / RECEIPT).write_text(receipt.model_dump_json())

    def up_to(self, moment: datetime) -> None:
        for view in self.views:
            materialize.fill(self.store, view, self.done, moment)
        self.done = moment


@contextmanager
def filling(days: Path, folder: Path) -> Iterator[Filling]:
    with materialize.utc_clock():
        yield Filling(days, folder)
