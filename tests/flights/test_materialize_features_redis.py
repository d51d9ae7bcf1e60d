"""What holds of the online store holds in Redis, which others may fill and empty too."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import redis
from small_online import (
    PLACES,
    REDIS,
    change,
    dump,
    held,
    january,
    put,
    read,
    redis_server,
    run,
    utc,
)

from include.feature_store import online as feast_online

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
def test_a_change_of_where_values_are_found_leaves_nothing_stale_in_redis(
    root, redis_url, old, new
):
    run(root, END, REDIS)
    change(root, old, new)
    assert sum(held(run(root, END, REDIS)).values()) == 3
    assert read(root, feast_online.redis_settings(os.environ))["JFK"] == (11.0, utc(31, 20))
    again = dump(redis_url)
    redis.Redis.from_url(redis_url).flushdb()
    run(root, END, REDIS)
    assert dump(redis_url) == again


def test_a_project_whose_name_ends_like_ours_keeps_its_rows_in_redis(root, redis_url, tmp_path):
    other = january(tmp_path / "other")
    change(other, "project: flights", "project: my_flights")
    put(
        other,
        "weather",
        "2013-01",
        ["origin", "temp_f"],
        [("JFK", utc(1), 1.0), ("SFO", utc(1), 2.0)],
    )
    run(other, END, REDIS)
    before = dump(redis_url)
    assert held(run(root, END, REDIS)) == {"plane": 1, "weather": 2}
    redis.Redis.from_url(redis_url).delete("flights:leeway-receipt")
    assert held(run(root, END, REDIS)) == {"plane": 1, "weather": 2}  # filled anew
    change(root, "project: flights", "project: departures")
    run(root, END, REDIS)
    after = dump(redis_url)
    assert {key: after.get(key) for key in before} == before
    assert not any(key.endswith(b"flights") for key in after.keys() - before.keys())


def test_rows_that_redis_has_lost_are_filled_in_again(root, redis_url):
    run(root, END, REDIS)
    before = dump(redis_url)
    with redis.Redis.from_url(redis_url) as client:
        client.delete(next(key for key in client.scan_iter() if b"JFK" in key))
    run(root, END, REDIS)
    assert dump(redis_url) == before


def test_a_view_that_is_no_longer_online_leaves_redis_and_the_others_stay(root, redis_url):
    change(root, ", online=False)", ")")
    assert held(run(root, END, REDIS)) == {"plane": 1, "secret": 1, "weather": 2}
    change(root, 'name="secret", dtype=Float32)', 'name="secret", dtype=Float32), online=False')
    receipt = run(root, END, REDIS)
    assert held(receipt) == {"plane": 1, "weather": 2}
    fields = {field for row in dump(redis_url).values() if isinstance(row, dict) for field in row}
    assert {field for field in fields if field.startswith(b"_ts:")} == {
        b"_ts:plane",
        b"_ts:weather",
    }
    assert len(fields) == 4  # a time and a feature of each view


def test_a_correction_of_the_same_time_reaches_redis_as_it_does_sqlite(root, redis_url):
    run(root, END, REDIS)
    put(root, "weather", "2013-01b", ["origin", "temp_f"], [("JFK", utc(31, 20), 99.0)])
    run(root, END, REDIS)
    settings = feast_online.redis_settings(os.environ)
    assert read(root, settings)["JFK"] == (99.0, utc(31, 20))
    run(root, END)
    assert read(root)["JFK"] == (99.0, utc(31, 20))
