"""What the stage materialize_features promises, on a Feast repository small enough to read.

Long because all its cases fill the same small store.
"""

import os
import shutil
import time
import traceback
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from small_online import (
    REDIS,
    february,
    free_port,
    january,
    outputs,
    put,
    read,
    redis_server,
    run,
    utc,
)

from include import step
from include.errors import DataError, ParamsError, PipelineError, PlatformError
from include.feature_store import online as feast_online
from include.flights.materialize_features import Params


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return january(tmp_path)


@pytest.fixture
def redis_url(tmp_path: Path, monkeypatch) -> Iterator[str]:
    with redis_server(tmp_path) as url:
        monkeypatch.setenv("LEEWAY_REDIS_URL", url)
        yield url


def test_the_latest_row_of_each_entity_is_online_with_its_own_time(root):
    receipt = run(root, date(2013, 2, 1))
    assert read(root)["JFK"] == (11.0, utc(31, 20))
    assert read(root)["LGA"] == (20.0, utc(5))
    assert read(root)["EWR"][0] is None
    assert {name: view.entities for name, view in receipt.views.items()} == {
        "plane": 1,  # stamped 1990: the first run starts before any row
        "weather": 2,
    }
    assert receipt.views["weather"].end == utc(1, 5, 2)  # midnight in New York
    assert sorted(outputs(root)) == ["online.db", "receipt.json"]


def test_a_month_added_gives_the_bytes_of_one_cold_run(root, tmp_path_factory):
    run(root, date(2013, 2, 1))
    february(root)
    run(root, date(2013, 3, 1))
    assert read(root) == {
        "JFK": (12.0, utc(14, 0, 2)),
        "LGA": (21.0, utc(1, 3, 2)),  # of the new file, though before the last end
        "EWR": (30.0, utc(3, 0, 2)),
    }
    cold = tmp_path_factory.mktemp("elsewhere") / "clone"
    shutil.copytree(root, cold, ignore=shutil.ignore_patterns("online"))
    run(cold, date(2013, 3, 1))
    assert outputs(root) == outputs(cold)


def test_a_month_added_reads_only_what_is_new(root, monkeypatch):
    from feast import FeatureStore

    asked = []
    materialize = FeatureStore.materialize

    def noted(store, first, end, views):
        asked.append((views[0], first))
        materialize(store, first, end, views)

    monkeypatch.setattr(FeatureStore, "materialize", noted)
    run(root, date(2013, 2, 1))
    february(root)
    (root / "data/feature_views/weather/2013-02.parquet").rename(root / "kept")
    put(root, "weather", "2013-02", ["origin", "temp_f"], [("JFK", utc(14, 0, 2), 12.0)])
    asked.clear()
    run(root, date(2013, 3, 1))
    after = utc(1, 5, 2) + timedelta(microseconds=1)
    assert asked == [("plane", after), ("weather", after)]
    asked.clear()
    run(root, date(2013, 3, 1))
    assert asked == []


def test_a_run_with_nothing_new_writes_nothing(root):
    receipt = run(root, date(2013, 2, 1))
    online = root / "data" / "online"
    before = {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in online.iterdir()}
    assert run(root, date(2013, 2, 1)) == receipt
    after = {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in online.iterdir()}
    assert after == before


def test_a_view_that_is_gone_is_no_longer_held_though_nothing_is_new(root):
    run(root, date(2013, 2, 1))
    definitions = root / "feature_repo" / "definitions.py"
    definitions.write_text(definitions.read_text().replace("plane = view", "plane = None and view"))
    assert list(run(root, date(2013, 2, 1)).views) == ["weather"]
    assert b"flights_plane" not in outputs(root)["online.db"]


@pytest.mark.parametrize("change", ["window moved back", "past corrected", "file damaged"])
def test_what_changed_in_the_past_is_filled_anew(root, change):
    run(root, date(2013, 2, 1))
    cold = outputs(root)
    if change == "window moved back":
        february(root)
        run(root, date(2013, 3, 1))
        (root / "data/feature_views/weather/2013-02.parquet").unlink()
    elif change == "past corrected":
        # LGA's row is withdrawn, then comes back.
        kept = (root / "data/feature_views/weather/2013-01.parquet").read_bytes()
        put(root, "weather", "2013-01", ["origin", "temp_f"], [("JFK", utc(2), 9.0)])
        assert run(root, date(2013, 2, 1)).views["weather"].entities == 1
        assert read(root)["LGA"][0] is None
        (root / "data/feature_views/weather/2013-01.parquet").write_bytes(kept)
    else:
        (root / "data/online/online.db").write_bytes(b"half a file")
    run(root, date(2013, 2, 1))
    assert outputs(root) == cold


def test_a_changed_view_is_filled_anew_and_a_removed_one_goes(root):
    run(root, date(2013, 2, 1))
    definitions = root / "feature_repo" / "definitions.py"
    text = definitions.read_text().replace("plane = view", "tail = view")
    put(root, "tail", "all", ["tailnum", "seats"], [("N1", utc(1), 2), ("N2", utc(1), 3)])
    definitions.write_text(text.replace('"plane"', '"tail"'))
    receipt = run(root, date(2013, 2, 1))
    assert {name: view.entities for name, view in receipt.views.items()} == {
        "tail": 2,
        "weather": 2,
    }
    assert b"flights_plane" not in outputs(root)["online.db"]


def test_the_machine_s_time_zone_leaves_no_trace(root, monkeypatch):
    run(root, date(2013, 2, 1))
    first = outputs(root)
    shutil.rmtree(root / "data" / "online")
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        run(root, date(2013, 2, 1))
        assert os.environ["TZ"] == "America/New_York"
    finally:
        monkeypatch.undo()
        time.tzset()
    assert outputs(root) == first


def test_a_run_that_fails_leaves_the_store_as_it_was(root):
    run(root, date(2013, 2, 1))
    before = outputs(root)
    february(root)
    (root / "data/feature_views/weather/2013-02.parquet").write_bytes(b"PAR1 cut short")
    with pytest.raises(DataError, match=r"cannot be read: .*\n  Next: make its files again\."):
        run(root, date(2013, 3, 1))
    assert outputs(root) == before
    assert [path.name for path in (root / "data").iterdir() if path.name.startswith(".")] == []


def test_a_view_that_reads_elsewhere_is_named(root):
    elsewhere = root / "data" / "elsewhere"
    (root / "data" / "feature_views").rename(elsewhere)
    (root / "data" / "feature_views").mkdir()
    definitions = root / "feature_repo" / "definitions.py"
    definitions.write_text(definitions.read_text().replace("/feature_views/", "/elsewhere/"))
    with pytest.raises(DataError, match=r"The view \w+ reads .* not in .*\n  Next: correct its"):
        run(root, date(2013, 2, 1))


def test_a_repository_without_views_or_settings_says_so(root, tmp_path):
    (root / "feature_repo" / "definitions.py").write_text("")
    with pytest.raises(DataError, match=r"defines no feature view\.\n  Next: define one"):
        run(root, date(2013, 2, 1))
    (root / "feature_repo" / "feature_store.yaml").write_text("project: [")
    with pytest.raises(DataError, match=r"feature_store.yaml is wrong: .*\n  Next: mend that"):
        run(root, date(2013, 2, 1))
    (root / "feature_repo" / "feature_store.yaml").unlink()
    with pytest.raises(DataError, match=r"feature_store.yaml does not exist\.\n  Next: add"):
        run(root, date(2013, 2, 1))


def test_params_must_name_a_store_and_a_zone(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("materialize_features: {online_store: sqlite, time_zone: America/New_Yrok}")
    with pytest.raises(ParamsError, match=r"'America/New_Yrok' is not a time zone"):
        step.read_params("materialize_features", Params, path)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ({}, r"but LEEWAY_REDIS_URL is not set\.\n  Next: set LEEWAY_REDIS_URL to redis://"),
        ({"LEEWAY_REDIS_URL": "localhost:6379"}, r"does not begin with redis:// or rediss://\.\n"),
        ({"LEEWAY_REDIS_URL": "redis://:a%2Cb@host"}, r"holds a comma.*\n  Next: change it"),
    ],
    ids=["missing", "not a URL", "a comma in the password"],
)
def test_a_redis_url_that_cannot_be_used_says_why(url, message):
    with pytest.raises(PlatformError, match=message):
        feast_online.redis_settings(url)


@pytest.mark.parametrize(
    "url",
    [
        *("s3cr3t@host", "s3cr3t", "redis://:pa/s3cr3t@host:1/0", "redis://u:pa#s3cr3t@host"),
        *("redis://host:6379/s3cr3t", "redis://a:s3cr3t@[::1", "redis://:s3cr3t@host:99999/0"),
        *("redis://:s3cr3t@", "redis://:s3cr3t@host:0/0", "redis://:s3cr3t,b@host"),
    ],
)
def test_a_redis_url_that_cannot_be_used_is_not_shown(url):
    with pytest.raises(ParamsError, match=r"LEEWAY_REDIS_URL .*\n  Next: ") as raised:
        feast_online.redis_settings({"LEEWAY_REDIS_URL": url})
    shown = "".join(traceback.format_exception(raised.value))
    assert "s3cr3t" not in shown and "pa/" not in shown


@pytest.mark.parametrize("text", ["online_store: {a: [b\n  c: $KEY", "project: {a: $KEY"])
def test_settings_that_are_not_yaml_are_not_shown(root, monkeypatch, text):
    monkeypatch.setenv("KEY", "s3cr3t")
    (root / "feature_repo" / "feature_store.yaml").write_text(text)
    with pytest.raises(DataError, match=r"feature_store.yaml is wrong: .* line \d") as raised:
        run(root, date(2013, 2, 1))
    assert "s3cr3t" not in "".join(traceback.format_exception(raised.value))


def test_settings_that_feast_refuses_are_not_shown(root, monkeypatch):
    monkeypatch.setenv("KEY", "s3cr3t")
    text = (
        "project: a\nprovider: local\noffline_store: {type: file, other: $KEY}\nrepo_path: [$KEY]"
    )
    (root / "feature_repo" / "feature_store.yaml").write_text(text)
    with pytest.raises(DataError, match=r"feature_store.yaml is wrong: ") as raised:
        run(root, date(2013, 2, 1))
    assert "s3cr3t" not in "".join(traceback.format_exception(raised.value))


def test_a_redis_url_becomes_a_connection_string_of_feast():
    url = {"LEEWAY_REDIS_URL": "rediss://me:12%2034@cache:7000/2"}
    assert feast_online.redis_settings(url) == {
        "type": "redis",
        "connection_string": 'cache:7000,db=2,ssl=true,username="me",password="12 34"',
    }


def test_a_redis_server_that_is_not_there_is_named_without_its_password(root, monkeypatch):
    monkeypatch.setenv("LEEWAY_REDIS_URL", f"redis://:hidden@127.0.0.1:{free_port()}")
    with pytest.raises(PipelineError, match=r"Redis does not answer .*\n  Next: start Redis") as at:
        run(root, date(2013, 2, 1), REDIS)
    assert "hidden" not in str(at.value)


def test_redis_holds_what_sqlite_would(root, redis_url):
    import redis

    run(root, date(2013, 2, 1))
    receipt = run(root, date(2013, 2, 1), REDIS)
    assert sorted(outputs(root)) == ["receipt.json"]  # the SQLite file would be stale
    assert redis_url.encode() not in outputs(root)["receipt.json"]
    february(root)
    receipt = run(root, date(2013, 3, 1), REDIS)
    assert {name: view.entities for name, view in receipt.views.items()} == {
        "plane": 1,
        "weather": 3,
    }
    settings = feast_online.redis_settings(os.environ)
    online = read(root, settings)
    assert online == {
        "JFK": (12.0, utc(14, 0, 2)),
        "LGA": (21.0, utc(1, 3, 2)),
        "EWR": (30.0, utc(3, 0, 2)),
    }
    before = outputs(root)
    redis.Redis.from_url(redis_url).flushdb()
    run(root, date(2013, 3, 1), REDIS)  # the receipt alone is not believed
    assert read(root, settings) == online
    assert outputs(root) == before
    (root / "data/feature_views/weather/2013-02.parquet").unlink()
    run(root, date(2013, 2, 1), REDIS)
    assert read(root, settings)["JFK"] == (11.0, utc(31, 20))
    assert read(root, settings)["EWR"][0] is None
