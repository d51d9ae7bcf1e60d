"""What decides how a value is found online fills the store anew, and nothing stale stays."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from small_online import (
    PLACES,
    REDIS,
    SQLITE,
    change,
    february,
    held,
    january,
    outputs,
    put,
    read,
    redis_server,
    run,
    utc,
)

from include.errors import DataError, PipelineError

END = date(2013, 2, 1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return january(tmp_path)


@pytest.fixture
def redis_url(tmp_path: Path, monkeypatch) -> Iterator[str]:
    with redis_server(tmp_path) as url:
        monkeypatch.setenv("LEEWAY_REDIS_URL", url)
        yield url


VERSION_2 = pytest.mark.filterwarnings("ignore:.*erialization")


@VERSION_2
@pytest.mark.parametrize(("old", "new"), PLACES.values(), ids=PLACES)
def test_a_change_of_where_values_are_found_fills_sqlite_as_if_for_the_first_time(root, old, new):
    run(root, END)
    change(root, old, new)
    again = run(root, END)
    assert sum(held(again).values()) == 3
    assert read(root)["JFK"] == (11.0, utc(31, 20))
    assert read(root)["LGA"] == (20.0, utc(5))
    bytes_of_both = outputs(root)
    shutil.rmtree(root / "data" / "online")
    run(root, END)
    assert outputs(root) == bytes_of_both


def test_a_project_named_by_the_environment_is_the_one_that_readers_find(root, monkeypatch):
    change(root, "project: flights", "project: ${DEPARTURES}")
    monkeypatch.setenv("DEPARTURES", "spring")
    assert run(root, END).project == "spring"
    assert read(root)["JFK"] == (11.0, utc(31, 20))
    monkeypatch.setenv("DEPARTURES", "autumn")
    assert run(root, END).project == "autumn"
    assert read(root)["JFK"] == (11.0, utc(31, 20))


def test_versions_that_only_another_registry_counts_are_refused(root):
    registry = "registry:\n  path: r.db\n  enable_online_feature_view_versioning: true\nx: #"
    change(root, "registry: ", registry)
    with pytest.raises(DataError, match=r"sets registry.enable_online.*\n  Next: remove that line"):
        run(root, END)


@pytest.mark.parametrize("params", [SQLITE, REDIS], ids=["sqlite", "redis"])
def test_a_store_in_which_feast_finds_nothing_is_no_success(root, redis_url, monkeypatch, params):
    from feast import FeatureStore

    run(root, END, params)
    february(root)
    before = outputs(root)
    with monkeypatch.context() as patch:
        patch.setattr(FeatureStore, "materialize", lambda *_: None)
        change(root, "project: flights", "project: departures")
        message = r"does not find \{'tailnum': 'N1'\} of plane in it\.\n  Next: report it"
        with pytest.raises(PipelineError, match=message):
            run(root, date(2013, 3, 1), params)
    assert outputs(root) == before
    assert held(run(root, date(2013, 3, 1), params)) == {"plane": 1, "weather": 3}


@pytest.mark.parametrize("params", [SQLITE, REDIS], ids=["sqlite", "redis"])
def test_a_view_without_an_entity_is_online_too(root, redis_url, params):
    change(root, "entities=[entity]", 'entities=[] if name == "plane" else [entity]')
    change(root, "schema = [Field(name=entity.name, dtype=String), feature]", "schema = [feature]")
    assert held(run(root, END, params)) == {"plane": 1, "weather": 2}
    assert held(run(root, END, params)) == {"plane": 1, "weather": 2}


def test_files_of_one_name_in_two_folders_are_two(root):
    folder = root / "data" / "feature_views" / "weather"
    run(root, END)
    for name, temperature in (("north", 1.0), ("south", 2.0)):
        airport = {"north": "BOS", "south": "MIA"}[name]
        put(
            root,
            f"weather/{name}",
            "2013-01",
            ["origin", "temp_f"],
            [(airport, utc(2), temperature)],
        )
    receipt = run(root, END)
    assert held(receipt)["weather"] == 4
    assert sorted(receipt.views["weather"].files) == [
        "2013-01.parquet",
        "north/2013-01.parquet",
        "south/2013-01.parquet",
    ]
    (folder / "south" / "2013-01.parquet").unlink()
    assert held(run(root, END))["weather"] == 3


def test_a_time_under_another_name_in_the_files_is_found(root):
    change(
        root,
        'timestamp_field="event_timestamp"',
        'timestamp_field="known", field_mapping={"event_timestamp": "known"}',
    )
    run(root, END)
    february(root)
    run(root, date(2013, 3, 1))
    assert read(root)["LGA"] == (21.0, utc(1, 3, 2))


STREAM = """
from feast import PushSource, StreamFeatureView
batch = FileSource(path="../data/feature_views/weather", timestamp_field="event_timestamp")
schema = [Field(name="origin", dtype=String), Field(name="temp_f", dtype=Float32)]
sky = StreamFeatureView(name="sky", entities=[origin], ttl=timedelta(hours=3), schema=schema,
                        source=PushSource(name="pushed", batch_source=batch))
"""
ON_DEMAND = """
from feast.on_demand_feature_view import on_demand_feature_view


@on_demand_feature_view(sources=[weather], schema=[Field(name="temp_c", dtype=Float32)],
                        write_to_online_store=True)
def celsius(inputs):
    return inputs.rename(columns={"temp_f": "temp_c"})[["temp_c"]].astype("float32")
"""


@pytest.mark.filterwarnings("ignore:Stream feature views are experimental")
def test_the_batch_source_of_a_stream_view_is_online_too(root):
    with (root / "feature_repo" / "definitions.py").open("a") as file:
        file.write(STREAM)
    assert held(run(root, END)) == {"plane": 1, "sky": 2, "weather": 2}
    change(root, "online=online)", 'online=online, enabled=name != "plane")')
    assert held(run(root, END)) == {"sky": 2, "weather": 2}


def test_a_view_that_would_have_to_be_computed_first_is_refused(root):
    with (root / "feature_repo" / "definitions.py").open("a") as file:
        file.write(ON_DEMAND)
    message = r"celsius is computed on demand, .*\n  Next: set write_to_online_store=False"
    with pytest.raises(DataError, match=message):
        run(root, END)


def test_a_view_that_feast_would_write_back_into_its_source_is_refused(root):
    change(root, "online=online)", "online=online, offline=True)")
    message = r"plane has offline=True: .*\n  Next: set offline=False"
    with pytest.raises(DataError, match=message):
        run(root, END)
