"""The offline store on polars gives what Feast's duckdb store gives, in order, and says why not.

Long because each promise of one store is a case on the same small views.
"""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from feast import FeatureService, FeatureStore, FeatureView, Field, FileSource
from feast.infra.offline_stores.file_source import SavedDatasetFileStorage
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Float64, Int64
from feature_store.small_views import (
    DUCKDB,
    HOUR,
    NOON,
    OURS,
    TICK,
    assert_equal,
    at,
    both,
    carrier,
    number,
    open_store,
    origin,
    seen,
    view,
)

from include.errors import DataError
from include.feature_store import asof
from include.feature_store.offline import PolarsOfflineStore

RAW = Path(__file__).parents[2] / "data" / "raw"

CASES = {
    "a row counts from its own time on": (
        at(NOON - TICK, NOON, NOON + TICK),
        seen([NOON], [1]),
        {},
        [None, 1, 1],
    ),
    "a row counts up to and including its TTL": (
        at(NOON + 2 * HOUR - TICK, NOON + 2 * HOUR, NOON + 2 * HOUR + TICK),
        seen([NOON], [1]),
        {},
        [1, 1, None],
    ),
    "without a TTL a row counts for ever": (
        at(NOON + 10_000 * HOUR),
        seen([NOON], [1]),
        {"ttl": None},
        [1],
    ),
    "a TTL of zero is none": (
        at(NOON + 10_000 * HOUR),
        seen([NOON], [1]),
        {"ttl": timedelta(0)},
        [1],
    ),
    "the latest row counts, whatever the order of the file": (
        at(NOON + HOUR),
        seen([NOON, NOON + HOUR, NOON - HOUR], [1, 2, 3]),
        {},
        [2],
    ),
    "a null of the latest row is not filled from an earlier one": (
        at(NOON + HOUR, NOON),
        seen([NOON, NOON + HOUR], [1, None]),
        {},
        [None, 1],
    ),
    "of equal times the row created last counts": (
        at(NOON),
        seen([NOON] * 3, [1, 2, 3], created=[NOON, NOON + 2 * HOUR, NOON + HOUR]),
        {"created_timestamp_column": "created"},
        [2],
    ),
    "a row without a created time loses": (
        at(NOON),
        seen([NOON] * 3, [1, 2, 3], created=[None, NOON, None]),
        {"created_timestamp_column": "created"},
        [2],
    ),
    "a later row created earlier counts": (
        at(NOON + HOUR),
        seen([NOON, NOON + HOUR], [1, 2], created=[NOON + HOUR, NOON]),
        {"created_timestamp_column": "created"},
        [2],
    ),
    "the same entity row twice comes back twice": (
        at(NOON, NOON, NOON),
        seen([NOON], [1]),
        {},
        [1, 1, 1],
    ),
    "an unknown key has no match": (at(NOON, key="XXX"), seen([NOON], [1]), {}, [None]),
    "no key does not match no key": (at(NOON, key=None), seen([NOON], [1], None), {}, [None]),
    "a row without a time never counts": (at(NOON), seen([None, NOON], [1, 2]), {}, [2]),
    "an entity row without a time has no match": (
        at(NOON, pd.NaT),
        seen([NOON], [1]),
        {},
        [1, None],
    ),
    "times without a zone are UTC": (
        at(NOON.replace(tzinfo=None)),
        seen([NOON.replace(tzinfo=None), (NOON + TICK).replace(tzinfo=None)], [1, 2]),
        {},
        [1],
    ),
    "times of other zones are the same instants": (
        at(NOON.astimezone(timezone(-5 * HOUR)), (NOON + HOUR).astimezone(timezone(-5 * HOUR))),
        seen(pl.Series([NOON, NOON + HOUR]).dt.convert_time_zone("Asia/Tokyo"), [1, 2]),
        {},
        [1, 2],
    ),
    "times as text are read": (
        pd.DataFrame({"origin": ["JFK"], "event_timestamp": ["2013-01-01 12:00:00"]}),
        seen([NOON], [1]),
        {},
        [1],
    ),
    "renamed columns go by their new names": (
        at(NOON),
        {"airport": ["JFK"], "time": [NOON], "v": [1]},
        {"field_mapping": {"airport": "origin", "v": "value"}},
        [1],
    ),
    "milliseconds and nanoseconds compare": (
        at(NOON, NOON + TICK),
        seen(pl.Series([NOON, NOON + TICK]).dt.cast_time_unit("ns"), [1, 2]),
        {},
        [1, 2],
    ),
}


@pytest.mark.parametrize(("entity_df", "rows", "options", "answer"), CASES.values(), ids=CASES)
def test_adversarial_cases_equal_duckdb(tmp_path, entity_df, rows, options, answer):
    things = [origin, view(tmp_path, rows, **options)]
    ours, theirs = both(tmp_path, things, entity_df, ["seen:value"])
    assert [None if pd.isna(value) else int(value) for value in ours["value"]] == answer
    assert_equal(ours, theirs)


def test_two_entities_and_a_second_view_equal_duckdb(tmp_path):
    routes = {
        "origin": ["JFK", "JFK", "LGA", "JFK"],
        "carrier": ["AA", "UA", "AA", "AA"],
        "time": [NOON, NOON, NOON, NOON + HOUR],
        "value": [1, 2, 3, 4],
    }
    entity_df = pd.DataFrame(
        {
            "carrier": ["UA", "AA", "AA", "AA", "UA"],
            "event_timestamp": [NOON + HOUR, NOON, NOON + HOUR, NOON, NOON],
            "origin": ["JFK", "LGA", "JFK", "JFK", "LGA"],
        }
    )
    things = [
        origin,
        carrier,
        view(tmp_path, routes, [origin, carrier], name="route"),
        view(tmp_path, seen([NOON], [7]), name="airport"),
    ]
    wanted = ["route:value", "airport:value"]
    ours, theirs = both(tmp_path, things, entity_df, wanted, full_feature_names=True)
    assert ours["route__value"].fillna(0).tolist() == [2, 3, 4, 1, 0]
    assert ours["airport__value"].fillna(0).tolist() == [7, 0, 7, 7, 0]
    assert_equal(ours, theirs)


def test_a_mapped_join_key_equals_duckdb(tmp_path):
    airport = view(tmp_path, seen([NOON], [1]))
    ends = [
        airport.with_name(f"at_{end}").with_join_key_map({"origin": end})
        for end in ("origin", "dest")
    ]
    service = FeatureService(name="both_ends", features=ends)
    things = [origin, airport, service]
    entity_df = at(NOON).assign(dest="LGA")
    results = []
    for kind in (OURS, DUCKDB):
        store = open_store(tmp_path, kind, things)
        job = store.get_historical_features(entity_df, service, full_feature_names=True)
        results.append(job.to_df())
    assert results[0]["at_origin__value"].tolist() == [1]
    assert results[0]["at_dest__value"].isna().tolist() == [True]
    assert_equal(*results)


def test_keys_of_unlike_number_types_equal_duckdb(tmp_path):
    rows = {"number": pl.Series([1, 2], dtype=pl.Int16), "time": [NOON, NOON], "value": [5, 6]}
    entity_df = pd.DataFrame({"number": [2.0, None, 1.0, 1.5], "event_timestamp": [NOON] * 4})
    things = [number, view(tmp_path, rows, [number])]
    ours, theirs = both(tmp_path, things, entity_df, ["seen:value"])
    assert ours["value"].fillna(0).tolist() == [6, 0, 5, 0]
    assert_equal(ours, theirs)


@pytest.mark.skipif(not (RAW / "weather").is_dir(), reason="run `dvc repro ingest_flights` first")
def test_real_weather_and_flights_equal_duckdb(tmp_path):
    weather = FeatureView(
        name="weather",
        entities=[origin],
        ttl=3 * HOUR,
        schema=[Field(name=name, dtype=Float64) for name in ("temp_f", "pressure_mb")],
        source=FileSource(path=str(RAW / "weather/*.parquet"), timestamp_field="observed_utc"),
    )
    # The last departure of the carrier from the airport; where two left at once, by schedule.
    last = FeatureView(
        name="last",
        entities=[origin, carrier],
        ttl=6 * HOUR,
        schema=[Field(name=name, dtype=Int64) for name in ("dep_delay_min", "distance_mi")],
        source=FileSource(
            path=str(tmp_path / "departed.parquet"),
            timestamp_field="dep_utc",
            created_timestamp_column="created",
        ),
    )
    flights = pl.scan_parquet(RAW / "flights/*.parquet")
    departed = flights.filter(pl.col("dep_utc").is_not_null()).with_row_index("order").collect()
    created = pl.datetime(2014, 1, 1, time_zone="UTC") + pl.duration(seconds=pl.col("order"))
    departed.with_columns(created=created).write_parquet(tmp_path / "departed.parquet")
    entity_df = (
        flights.select("flight_id", "origin", "carrier", event_timestamp="sched_dep_utc")
        .collect()
        .sample(5000, seed=7, shuffle=True)
        .to_pandas()
    )
    wanted = ["weather:temp_f", "weather:pressure_mb", "last:dep_delay_min", "last:distance_mi"]
    ours, theirs = both(tmp_path, [origin, carrier, weather, last], entity_df, wanted)
    assert ours["temp_f"].notna().sum() > 4900
    assert ours["dep_delay_min"].notna().sum() > 4000
    assert_equal(ours, theirs)


def test_of_rows_that_nothing_tells_apart_the_last_of_the_last_file_counts(tmp_path):
    one = view(tmp_path, seen([NOON, NOON], [1, 2]))
    folder = tmp_path / "data" / "seen"
    pl.DataFrame(seen([NOON, NOON], [3, 4])).write_parquet(folder / "2013-02.parquet")
    store = open_store(tmp_path, OURS, [origin, one])
    job = store.get_historical_features(at(NOON), ["seen:value"])
    assert job.to_df()["value"].tolist() == [4]


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    """Two months in a folder, beside the keys of its months; a doubled value on demand."""
    one = view(tmp_path, seen([NOON, NOON + HOUR], [1, 2]))
    folder = tmp_path / "data" / "seen"
    (folder / "_keys.json").write_text("{}")
    pl.DataFrame(seen([NOON], [3], "LGA")).write_parquet(folder / "2013-02.parquet")
    one.batch_source.file_options.uri = "data/seen"  # relative to the repository

    @on_demand_feature_view(sources=[one], schema=[Field(name="doubled", dtype=Int64)])
    def twice(inputs: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"doubled": inputs["value"] * 2})

    return open_store(tmp_path, OURS, [origin, one, twice])


def test_a_folder_is_read_but_for_its_other_files(store):
    entities = pd.concat([at(NOON), at(NOON, key="LGA")])
    job = store.get_historical_features(entities, ["seen:value"])
    assert job.to_df()["value"].tolist() == [1, 3]
    assert job.to_arrow().num_rows == 2


def test_polars_in_and_polars_out(store):
    entities = pl.DataFrame({"origin": ["LGA", "JFK"], "event_timestamp": [NOON, NOON]})
    table = store.get_historical_features(entities, ["seen:value"]).to_polars()
    assert table.to_dict(as_series=False) == {
        "origin": ["LGA", "JFK"],
        "event_timestamp": [NOON, NOON],
        "value": [3, 1],
    }


def test_on_demand_views_are_computed(store):
    job = store.get_historical_features(at(NOON), ["seen:value", "twice:doubled"])
    assert job.to_df()["doubled"].tolist() == [2]
    assert job.to_polars()["doubled"].to_list() == [2]


def test_an_empty_entity_frame_gives_an_empty_table(store):
    table = store.get_historical_features(at(NOON).head(0), ["seen:value"]).to_df()
    assert list(table.columns) == ["origin", "event_timestamp", "value"]
    assert len(table) == 0


def test_the_latest_row_of_each_key_between_two_times_both_included(store):
    source = store.get_feature_view("seen").batch_source
    pull = store.config.offline_store and store._get_provider().offline_store
    columns = [["origin"], ["value"], "time"]

    def latest(first: datetime, last: datetime) -> list[tuple]:
        job = pull.pull_latest_from_table_or_query(
            store.config, source, *columns, None, first, last
        )
        return sorted(job.to_polars().select("origin", "value").rows())

    assert latest(NOON, NOON + HOUR) == [("JFK", 2), ("LGA", 3)]
    assert latest(NOON, NOON + HOUR - TICK) == [("JFK", 1), ("LGA", 3)]
    assert latest(NOON + TICK, NOON + HOUR) == [("JFK", 2)]
    everything = pull.pull_all_from_table_or_query(store.config, source, *columns)
    assert everything.to_df()["value"].tolist() == [1, 2, 3]


def test_all_rows_reach_the_online_store(store, tmp_path):
    store.materialize(NOON - HOUR, NOON + HOUR)
    rows = [{"origin": "JFK"}, {"origin": "LGA"}]
    assert store.get_online_features(["seen:value"], rows).to_dict()["value"] == [2, 3]


def test_a_view_without_an_entity_has_one_row(tmp_path):
    rows = {"time": [NOON, NOON + HOUR], "value": [1, 2]}
    store = open_store(tmp_path, OURS, [view(tmp_path, rows, [])])
    job = store.get_historical_features(at(NOON, NOON + HOUR), ["seen:value"])
    assert job.to_df()["value"].tolist() == [1, 2]


def test_only_rows_within_reach_are_read(tmp_path):
    one = view(tmp_path, seen([NOON - 3 * HOUR, NOON - 2 * HOUR, NOON, NOON + TICK], [1, 2, 3, 4]))
    plan = asof.View(
        "seen", one.batch_source.path, {"origin": "origin"}, {"value": "value"}, "time", None, {},
        2 * HOUR,
    )  # fmt: skip
    clock = pl.DataFrame({"origin": ["JFK"], asof.TIME: [NOON]})
    assert asof.scan_view(plan, clock).collect()["value"].to_list() == [2, 3]


def test_a_saved_dataset_is_one_file_and_is_not_overwritten(store, tmp_path):
    job = store.get_historical_features(at(NOON), ["seen:value"])
    storage = SavedDatasetFileStorage(path="saved/set.parquet")
    job.persist(storage)
    assert pl.read_parquet(tmp_path / "saved/set.parquet")["value"].to_list() == [1]
    with pytest.raises(DataError, match=r"set.parquet exists already\.\n  Next: name a new"):
        job.persist(storage)
    job.persist(storage, allow_overwrite=True)


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        (at(NOON).drop(columns="origin"), r"no column 'origin'; it has event_timestamp\..*Next"),
        (at(NOON).assign(origin=[1]), r"'origin' is Int64 in the entity frame.*Next: convert"),
        (at(NOON).assign(value=[1]), r"'value' of seen is in the result already.*Next: rename"),
        ("SELECT 1", r"The entity frame is a str\..*Next: pass a pandas or polars DataFrame"),
    ],
    ids=["a key is missing", "a key is of another kind", "a name is taken", "it is SQL"],
)
def test_an_entity_frame_that_cannot_be_joined_says_why(store, entities, message):
    with pytest.raises(DataError, match=f"(?s){message}"):
        store.get_historical_features(entities, ["seen:value"]).to_df()


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda f: [p.unlink() for p in f.glob("*.parquet")], r"holds no \.parquet file.*Next"),
        (lambda f: (f / "2013-01.parquet").write_bytes(b"PAR1"), r"cannot be read: .*Next: make"),
        (
            lambda f: pl.DataFrame({"origin": ["JFK"], "time": [NOON], "valu": [1]}).write_parquet(
                f / "2013-01.parquet"
            ),
            r"has no column 'value'; it has .*Did you mean 'valu'\?.*Next: add 'value'",
        ),
    ],
    ids=["no file", "a damaged file", "a renamed column"],
)
def test_a_source_that_cannot_be_read_says_why(store, tmp_path, break_it, message):
    break_it(tmp_path / "data" / "seen")
    with pytest.raises(DataError, match=f"(?s){message}"):
        store.get_historical_features(at(NOON), ["seen:value"]).to_df()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda job: job.to_sql(), r"joins without SQL\.\n  Next: take the table itself"),
        (lambda job: job.to_remote_storage(), r"no remote storage\.\n  Next: set batch_engine"),
        (
            lambda job: PolarsOfflineStore.ensure_monitoring_tables(job.config),
            r"no metrics of Feast's monitoring\.\n  Next: watch the data",
        ),
    ],
    ids=["SQL", "remote storage", "monitoring"],
)
def test_what_other_stores_can_do_is_refused_in_words(store, ask, message):
    with pytest.raises(NotImplementedError, match=message):
        ask(store.get_historical_features(at(NOON), ["seen:value"]))
