"""What the service answers about a flight is what the pipeline says of it."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import real_days
import tiny_models

from include.errors import DataError
from include.feature_store.online import DATABASE
from include.feature_store.receipt import RECEIPT
from include.flights import columns
from include.flights.columns import VIEWS
from include.flights.models.encoding import Encoder
from include.flights.serving import predictor
from include.flights.serving.asked import Flights
from include.flights.serving.online import Features, Found
from include.serving.lookup import OnlineStore, read_receipt

FIRST_ASKED = date(2013, 1, 8)  # by then a flight number has a week of history
NUMBERS = tuple(columns.names("number"))


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
    with real_days.filling(days, tmp_path / "online") as online:
        service = Features(NUMBERS, OnlineStore(tmp_path / "online"))
        flights = Flights(real_days.zones(days), 100)
        for moment in moments:
            online.up_to(moment)
            at_once = asked.filter(pl.col("cutoff_utc") == moment)
            found = service.of(flights.read(real_days.body_of(at_once), moment), moment)
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
    with real_days.filling(days, tmp_path / "online") as online:
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


def test_what_is_known_later_only_is_not_known_now(
    days: Path, labelled: pl.DataFrame, tmp_path: Path
) -> None:
    morning = datetime(2013, 1, 10, 12, tzinfo=UTC)
    flight = labelled.filter(pl.col("cutoff_utc") == morning, origin="JFK").head(1)
    with real_days.filling(days, tmp_path / "online") as online:
        online.up_to(morning + timedelta(days=1))
        found = ask(days, tmp_path / "online", flight, morning)
    # The schedule of that minute is the one of a day later.
    assert set(found.missing[0]) >= {"departure_schedule", "origin_congestion", "carrier_history"}
    assert np.isnan(value(found, "queue_2h")) and np.isnan(value(found, "origin_overdue"))


def test_the_schedule_of_a_minute_counts_until_it_comes_again(
    days: Path, labelled: pl.DataFrame, tmp_path: Path
) -> None:
    flight = labelled.filter(pl.col("date") == date(2013, 1, 10), origin="JFK").head(1)
    leaves = flight["sched_dep_utc"][0]
    asked = flight.with_columns(pl.col("sched_dep_utc", "sched_arr_utc") + timedelta(days=1))
    with real_days.filling(days, tmp_path / "online") as online:
        online.up_to(leaves - timedelta(hours=1))
        found = ask(days, tmp_path / "online", asked, leaves + timedelta(milliseconds=1))
    assert "departure_schedule" in found.stale[0]


def ask(
    days: Path,
    online: Path,
    flights: pl.DataFrame,
    now: datetime,
    names: tuple[str, ...] = NUMBERS,
) -> Found:
    schedule = Flights(real_days.zones(days), 10).read(real_days.body_of(flights), now)
    return Features(names, OnlineStore(online)).of(schedule, now)


def value(found: Found, name: str) -> float:
    return float(found.batch.numbers[0, NUMBERS.index(name)])


def test_a_model_that_reads_fewer_features_is_given_those(
    days: Path, labelled: pl.DataFrame, tmp_path: Path
) -> None:
    flight = labelled.head(1)
    moment = flight["cutoff_utc"][0]
    with real_days.filling(days, tmp_path / "online") as online:
        online.up_to(moment)
        names = ("block_min", "seats")
        found = ask(days, tmp_path / "online", flight, moment, names)
    assert found.batch.numbers.tolist() == flight.select(names).to_numpy().tolist()


def test_a_store_that_lacks_a_feature_is_not_taken_for_one_that_does_not_know_it(
    days: Path, labelled: pl.DataFrame, tmp_path: Path
) -> None:
    flight = labelled.head(1)
    moment = flight["cutoff_utc"][0]
    with real_days.filling(days, tmp_path / "online") as online:
        online.up_to(moment)
        receipt = read_receipt(tmp_path / "online" / RECEIPT)
        with closing(sqlite3.connect(tmp_path / "online" / DATABASE)) as database, database:
            table = f"{receipt.project}_origin_congestion"
            database.execute(f"DELETE FROM {table} WHERE feature_name = 'origin_overdue'")
        with pytest.raises(DataError, match="origin_congestion of the online store has no 'origin"):
            ask(days, tmp_path / "online", flight, moment)


def test_a_store_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no receipt.json: no online store was filled there"):
        OnlineStore(tmp_path).rows({"aircraft": [("N1",)]})


def test_each_online_view_is_asked_for() -> None:
    assert {name for name, view in VIEWS.items() if view.online} == set(VIEWS) - {"flight_schedule"}
