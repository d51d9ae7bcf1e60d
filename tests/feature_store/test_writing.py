"""What Feast writes through our store can be read at once, and nothing that was there is lost."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast import FeatureService, FeatureStore, FeatureView, Field, FileSource, PushSource
from feast.data_format import DeltaFormat
from feast.data_source import PushMode
from feast.errors import SavedDatasetLocationAlreadyExists
from feast.feature_logging import FeatureServiceLoggingSource, LoggingConfig
from feast.infra.offline_stores.file_source import FileLoggingDestination, SavedDatasetFileStorage
from feast.types import Int64, String
from feature_store.small_views import HOUR, NOON, OURS, TICK, at, open_store, origin, seen

from include.errors import DataError
from include.feature_store import writing

SCHEMA = [Field(name="value", dtype=Int64), Field(name="origin", dtype=String)]


def store_of(root: Path, path: str, **source) -> FeatureStore:
    """A store whose only view, `seen`, reads from a path."""
    batch = FileSource(name="batch", path=path, **({"timestamp_field": "time"} | source))
    one = FeatureView(
        name="seen",
        entities=[origin],
        ttl=2 * HOUR,
        schema=SCHEMA,
        source=PushSource(name="pushed", batch_source=batch),
    )
    return open_store(root, OURS, [origin, one])


@pytest.fixture(params=["a file", "a folder"])
def place(request, tmp_path: Path) -> Path:
    """Where two airports were seen at noon."""
    path = tmp_path / "seen.parquet" if request.param == "a file" else tmp_path / "seen"
    file = path if request.param == "a file" else path / "2013-01.parquet"
    file.parent.mkdir(exist_ok=True)
    rows = {"origin": ["JFK", "LGA"], "time": [NOON, NOON], "value": [1, 2]}
    pl.DataFrame(rows).write_parquet(file)
    return path


def frame(*values: int, time: datetime = NOON + HOUR, key: str = "JFK") -> pd.DataFrame:
    """New rows, with the columns in another order."""
    rows = {"value": list(values), "time": [time] * len(values), "origin": [key] * len(values)}
    return pd.DataFrame(rows)


def values(store: FeatureStore, *times: datetime, key: str = "JFK") -> list:
    return (
        store.get_historical_features(at(*times, key=key), ["seen:value"])
        .to_polars()["value"]
        .to_list()
    )


def test_rows_that_are_written_are_found_beside_the_old_ones(place, tmp_path):
    store = store_of(tmp_path, str(place))
    store.write_to_offline_store("seen", frame(3))
    store.write_to_offline_store("seen", frame(4, time=NOON + 2 * HOUR))
    assert values(store, NOON, NOON + HOUR, NOON + 2 * HOUR) == [1, 3, 4]
    assert values(store, NOON, key="LGA") == [2]


def test_rows_that_are_pushed_are_found(place, tmp_path):
    store = store_of(tmp_path, str(place))
    store.push("pushed", frame(3), to=PushMode.OFFLINE)
    assert values(store, NOON + HOUR) == [3]
    store.push("pushed", frame(5, time=NOON + HOUR + TICK), to=PushMode.ONLINE_AND_OFFLINE)
    assert values(store, NOON + 2 * HOUR) == [5]
    assert store.get_online_features(["seen:value"], [{"origin": "JFK"}]).to_dict()["value"] == [5]


def test_of_rows_that_nothing_tells_apart_the_one_written_last_counts(place, tmp_path):
    store = store_of(tmp_path, str(place))
    for value in (7, 8, 9):
        store.write_to_offline_store("seen", frame(value, time=NOON))
    assert values(store, NOON) == [9]


def test_columns_of_the_files_are_given_by_their_own_names(tmp_path):
    rows = {"airport": ["JFK"], "time": [NOON], "v": [1]}
    pl.DataFrame(rows).write_parquet(tmp_path / "seen.parquet")
    mapping = {"airport": "origin", "v": "value"}
    store = store_of(tmp_path, "seen.parquet", field_mapping=mapping)
    store.write_to_offline_store("seen", pd.DataFrame(rows | {"time": [NOON + HOUR], "v": [2]}))
    assert values(store, NOON, NOON + HOUR) == [1, 2]
    assert pl.read_parquet(tmp_path / "seen.parquet").columns == ["airport", "time", "v"]


def test_a_file_that_is_a_link_is_replaced_and_not_written_through(tmp_path):
    cached, linked, hard = (tmp_path / name for name in ("cached", "seen.parquet", "hard.parquet"))
    pl.DataFrame(seen([NOON], [1])).write_parquet(cached)
    linked.symlink_to(cached)
    os.link(cached, hard)
    before = cached.read_bytes()
    for path in (linked, hard):
        writing.append(pa.Table.from_pandas(frame(2)), str(path), "seen")
        assert pl.read_parquet(path)["value"].to_list() == [1, 2]
    assert cached.read_bytes() == before


def test_processes_that_write_at_once_lose_no_row(tmp_path):
    path = tmp_path / "seen.parquet"
    pl.DataFrame(seen([NOON], [0])).write_parquet(path)
    code = (  # Feast is imported as stages do it, in a second instead of five
        "from include.feature_store.feast_import import import_feast; import_feast()\n"
        "import sys, pyarrow as pa; from include.feature_store import writing\n"
        "from datetime import datetime, UTC\n"
        "for value in range(5):\n"
        "    rows = {'origin': ['JFK'], 'time': [datetime(2013, 1, 1, tzinfo=UTC)],"
        " 'value': [int(sys.argv[2]) + value]}\n"
        "    writing.append(pa.table(rows), sys.argv[1], 'seen')\n"
    )
    root = Path(__file__).parents[2]
    runs = [
        subprocess.Popen([sys.executable, "-c", code, str(path), str(first)], cwd=root)
        for first in (10, 20)
    ]
    assert [run.wait() for run in runs] == [0, 0]
    held = pl.read_parquet(path)["value"].sort().to_list()
    assert held == [0, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24]


WRONG = {
    "a column is unknown": (
        frame(3).assign(valeu=1),
        r"have a column 'valeu' that .* lacks\. Did you mean 'value'\?\n  Next: drop it; the columns are origin, time, value\.",
    ),
    "a column is missing": (
        frame(3).drop(columns="value"),
        r"has no column 'value'; it has time, origin\..*Next: add 'value'",
    ),
    "a value has no place": (
        frame(3).assign(value=[1.5]),
        r"The rows do not fit .*1\.5.*\n  Next: give the columns the types of the source\.",
    ),
}


@pytest.mark.parametrize(("rows", "message"), WRONG.values(), ids=WRONG)
def test_rows_that_do_not_fit_say_why_and_leave_all_as_it_was(place, tmp_path, rows, message):
    before = {path: path.read_bytes() for path in [place, *place.glob("*")] if path.is_file()}
    with pytest.raises(DataError, match=f"(?s){message}"):
        writing.append(pa.Table.from_pandas(rows), str(place), "seen")
    after = {path: path.read_bytes() for path in [place, *place.glob("*")] if path.is_file()}
    assert after == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "seen/*.parquet",
            r"seen/\*.parquet, is a pattern: .*\n  Next: give the source the folder",
        ),
        ("s3://bucket/seen", r"is s3://bucket/seen: .* local files only\.\n  Next: give it a path"),
    ],
    ids=["a pattern", "a URL"],
)
def test_where_rows_cannot_be_written_the_message_says_so(path, message):
    with pytest.raises(DataError, match=message):
        writing.append(pa.Table.from_pandas(frame(3)), path, "seen")


@pytest.mark.parametrize("partition_by", [None, ["origin"]], ids=["one folder", "by airport"])
def test_features_that_are_logged_can_be_retrieved(tmp_path, partition_by):
    destination = FileLoggingDestination(path="logs", partition_by=partition_by)
    pl.DataFrame(seen([NOON], [1])).write_parquet(tmp_path / "seen.parquet")
    store = store_of(tmp_path, "seen.parquet")
    one = store.get_feature_view("seen")
    service = FeatureService(
        name="served", features=[one], logging_config=LoggingConfig(destination=destination)
    )
    store.apply([service])
    schema = FeatureServiceLoggingSource(service, "test").get_schema(store.registry)

    def logs(key: str, value: int, time: datetime) -> pa.Table:
        row = {"origin": key, "seen__value": value, "seen__value__timestamp": NOON}
        row |= {"seen__value__status": 2, "__log_timestamp": time, "__log_date": time.date()}
        return pa.Table.from_pylist([row | {"__request_id": f"{key}-{value}"}], schema=schema)

    store.write_logged_features(logs("JFK", 1, NOON), service)
    pq.write_table(logs("LGA / 2", 2, NOON + HOUR), tmp_path / "log.parquet")
    store.write_logged_features(tmp_path / "log.parquet", service)
    job = store._get_provider().retrieve_feature_service_logs(
        service, NOON, NOON + HOUR, store.config, store.registry
    )
    table = job.to_polars().sort("seen__value")
    assert table.select("origin", "seen__value", "__request_id").rows() == [
        ("JFK", 1, "JFK-1"),
        ("LGA / 2", 2, "LGA / 2-2"),
    ]


@pytest.mark.parametrize("name", ["set.parquet", "set"], ids=["a file", "a folder"])
def test_a_saved_dataset_comes_back_and_is_replaced_as_a_whole(tmp_path, name):
    pl.DataFrame(seen([NOON, NOON + HOUR], [1, 2])).write_parquet(tmp_path / "seen.parquet")
    store = store_of(tmp_path, "seen.parquet")
    storage = SavedDatasetFileStorage(path=f"saved/{name}")

    def save(*times: datetime, **options) -> list:
        job = store.get_historical_features(at(*times), ["seen:value"])
        store.create_saved_dataset(job, "one", storage, **options)
        return store.get_saved_dataset("one").to_df()["value"].tolist()

    assert save(NOON, NOON + HOUR) == [1, 2]
    with pytest.raises(SavedDatasetLocationAlreadyExists):
        save(NOON)
    with pytest.raises(
        DataError, match=r"exists already\.\n  Next: name a new .parquet file or fo"
    ):
        save(NOON)
    assert save(NOON + HOUR, allow_overwrite=True) == [2]


def test_a_saved_dataset_of_another_format_is_refused(tmp_path):
    pl.DataFrame(seen([NOON], [1])).write_parquet(tmp_path / "seen.parquet")
    job = store_of(tmp_path, "seen.parquet").get_historical_features(at(NOON), ["seen:value"])
    storage = SavedDatasetFileStorage(path="saved", file_format=DeltaFormat())
    with pytest.raises(
        DataError, match=r"saved dataset is DeltaFormat: .*\n  Next: give it a FileS"
    ):
        job.persist(storage)


def test_feast_infers_what_all_files_of_a_pattern_hold(tmp_path):
    (tmp_path / "d").mkdir()
    pl.DataFrame(seen([NOON], pl.Series([1], dtype=pl.Int32))).write_parquet(
        tmp_path / "d/a.parquet"
    )
    later = {"words": [["x"]], **seen([NOON], [2**40])}
    pl.DataFrame(later).write_parquet(tmp_path / "d/b.parquet")
    source = FileSource(path="d/**/*.parquet", timestamp_field="time")
    store = open_store(
        tmp_path, OURS, [origin, FeatureView(name="seen", entities=[origin], source=source)]
    )
    fields = {field.name: str(field.dtype) for field in store.get_feature_view("seen").features}
    assert fields == {"value": "Int64", "words": "Array(String)"}
