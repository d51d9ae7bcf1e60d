"""What the service answers about a flight is what the pipeline says of it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import tiny_models
import yaml

from include.errors import DataError
from include.feature_store import repository as feast_repo
from include.feature_store.lookup import OnlineStore
from include.feature_store.receipt import RECEIPT, Receipt, Seen
from include.flights import columns
from include.flights import ingest_flights as ingest
from include.flights import materialize_features as materialize
from include.flights.build_features import Params, build_features
from include.flights.columns import VIEWS
from include.flights.models.encoding import Encoder
from include.flights.serving import predictor
from include.flights.serving.asked import Flights
from include.flights.serving.online import Features, Found
from include.flights.splits import Label, Window

ROOT = Path(__file__).parents[3]
WINDOW = Window(start=date(2013, 1, 1), end=date(2013, 1, 12))
FIRST_ASKED = date(2013, 1, 8)  # by then a flight number has a week of history
NUMBERS = tuple(columns.names("number"))


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven real days, with their features, as the stages leave them."""
    root = tmp_path_factory.mktemp("days")
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


@pytest.fixture(scope="module")
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


def test_a_thousand_flights_have_the_features_and_probabilities_of_the_pipeline(
    days: Path, labelled: pl.DataFrame, tmp_path: Path
) -> None:
    encoder = Encoder.fit(labelled, list(NUMBERS), columns.names("category"))
    tiny_models.train_xgboost(labelled, encoder, tmp_path / "xgboost")
    tiny_models.train_torch(labelled, encoder, tmp_path / "torch")
    tiny_models.choose(tmp_path, {"xgboost": 0.6, "torch": 0.4})
    model = predictor.load(tmp_path)
    asked = labelled.filter(pl.col("date") >= FIRST_ASKED)
    often = asked.group_by("cutoff_utc").len().sort("len", "cutoff_utc").tail(100)
    moments = often.get_column("cutoff_utc").sort().to_list()
    compared = 0
    with filling(days, tmp_path / "online") as online:
        service = Features(NUMBERS, OnlineStore(tmp_path / "online"))
        flights = Flights(zones(days), 100)
        for moment in moments:
            online.up_to(moment)
            at_once = asked.filter(pl.col("cutoff_utc") == moment)
            found = service.of(flights.read(body_of(at_once), moment), moment)
            expected = at_once.select(NUMBERS).to_numpy()
            np.testing.assert_array_equal(found.batch.numbers, expected)
            for name in columns.names("category"):
                assert found.batch.categories[name] == at_once[name].to_list()
            difference = model.answer(found.batch) - model.predict(at_once)
            assert np.abs(difference).max() <= 1e-6
            compared += at_once.height
    assert compared >= 1000 and len({moment.date() for moment in moments}) >= 4


def test_what_is_too_old_or_unknown_is_said_and_is_not_known_to_the_model(
    days: Path, labelled: pl.DataFrame, tmp_path: Path
) -> None:
    morning = datetime(2013, 1, 10, 12, tzinfo=UTC)
    flight = labelled.filter(pl.col("cutoff_utc") == morning, origin="JFK").head(1)
    with filling(days, tmp_path / "online") as online:
        online.up_to(morning - timedelta(hours=1))
        found = ask(days, tmp_path / "online", flight, morning)
        # The airport's state is known every five minutes and counts for ten, that of the carrier
        # for an hour.
        assert set(found.stale[0]) >= {"origin_congestion", "carrier_origin_congestion"}
        assert "carrier_history" not in found.stale[0] and found.missing == [[]]
        assert found.ages_s["origin_congestion"] == [3600]
        assert np.isnan(value(found, "origin_overdue"))
        assert value(found, "carrier_overdue") >= 0
        foreign = flight.with_columns(carrier=pl.lit("ZZ"), tailnum=pl.lit("D-ABCD"))
        unknown = ask(days, tmp_path / "online", foreign, morning)
        assert set(unknown.missing[0]) == {
            "departure_schedule",
            "carrier_origin_congestion",
            "carrier_history",
            "flight_number_history",
            "aircraft",
            "aircraft_last_leg",
        }
        nameless = ask(days, tmp_path / "online", flight.with_columns(tailnum=None), morning)
        assert set(nameless.missing[0]) == {"aircraft", "aircraft_last_leg"}
        assert nameless.ages_s["aircraft"] == [None]


def ask(days: Path, online: Path, flights: pl.DataFrame, now: datetime) -> Found:
    schedule = Flights(zones(days), 10).read(body_of(flights), now)
    return Features(NUMBERS, OnlineStore(online)).of(schedule, now)


def value(found: Found, name: str) -> float:
    return float(found.batch.numbers[0, NUMBERS.index(name)])


def test_a_model_that_reads_fewer_features_is_given_those(
    days: Path, labelled: pl.DataFrame, tmp_path: Path
) -> None:
    flight = labelled.head(1)
    moment = flight["cutoff_utc"][0]
    with filling(days, tmp_path / "online") as online:
        online.up_to(moment)
        schedule = Flights(zones(days), 10).read(body_of(flight), moment)
        names = ("block_min", "seats")
        found = Features(names, OnlineStore(tmp_path / "online")).of(schedule, moment)
    assert found.batch.numbers.tolist() == flight.select(names).to_numpy().tolist()


def test_a_store_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no receipt.json: no online store was filled there"):
        OnlineStore(tmp_path).rows({"aircraft": [("N1",)]})


def test_each_online_view_is_asked_for() -> None:
    assert {name for name, view in VIEWS.items() if view.online} == set(VIEWS) - {"flight_schedule"}
