"""Times may be dates, texts and numbers, in the files as in the entity frame."""

from datetime import datetime, timedelta

import pandas as pd
import polars as pl
import pytest
from feature_store.small_views import (
    HOUR,
    NOON,
    OURS,
    TICK,
    assert_equal,
    at,
    both,
    open_store,
    origin,
    seen,
    view,
)

from include.errors import DataError

SECONDS = 1_357_041_600  # NOON, as date -u -d @1357041600 confirms


TIMES = {
    "whole seconds": (seen([SECONDS, SECONDS + 7200], [1, 2]), at(NOON + HOUR), [1]),
    "seconds with a fraction": (seen([SECONDS + 0.5], [1]), at(NOON, NOON + HOUR), [None, 1]),
    "texts": (seen(["2013-01-01 12:00:00", None], [1, 2]), at(NOON, NOON - TICK), [1, None]),
    "texts with offsets": (
        seen(["2013-01-01T17:30:00+05:30", "2013-01-01T13:00:00Z"], [1, 2]),
        at(NOON, NOON + HOUR),
        [1, 2],
    ),
    "dates": (seen([NOON.date()], [1]), at(NOON - 12 * HOUR, NOON - 13 * HOUR), [1, None]),
}


@pytest.mark.parametrize(("rows", "entities", "answer"), TIMES.values(), ids=TIMES)
def test_times_that_are_no_timestamps_are_read_as_duckdb_reads_them(
    tmp_path, rows, entities, answer
):
    ours, theirs = both(tmp_path, [origin, view(tmp_path, rows)], entities, ["seen:value"])
    assert [None if pd.isna(value) else int(value) for value in ours["value"]] == answer
    assert_equal(ours, theirs)


@pytest.mark.parametrize(
    "times",
    [
        [SECONDS, SECONDS + 3600],
        [float(SECONDS), SECONDS + 3600.0],
        ["2013-01-01T12:00:00Z", "2013-01-01 13:00"],
        [NOON.date() + timedelta(1), NOON + HOUR],
    ],
    ids=["seconds", "seconds as floats", "texts", "dates and times"],
)
def test_times_of_the_entity_frame_are_read_alike(tmp_path, times):
    rows = seen([NOON, NOON + HOUR], [1, 2])
    store = open_store(tmp_path, OURS, [origin, view(tmp_path, rows, ttl=None)])
    entities = pd.DataFrame({"origin": ["JFK", "JFK"], "event_timestamp": times})
    if times[0] == NOON.date() + timedelta(1):
        entities["event_timestamp"] = entities["event_timestamp"].astype(object)
        answer = [2, 2]
    else:
        answer = [1, 2]
    table = store.get_historical_features(entities, ["seen:value"]).to_polars()
    assert table["value"].to_list() == answer
    assert table["event_timestamp"][1] == NOON + HOUR


@pytest.mark.parametrize("factor", [10**3, 10**6, 10**9], ids=["milli", "micro", "nano"])
def test_integers_that_are_no_unix_seconds_are_refused(tmp_path, factor):
    rows = seen([SECONDS * factor], [1])
    store = open_store(tmp_path, OURS, [origin, view(tmp_path, rows)])
    message = rf"holds {SECONDS * factor} in 'time': numbers are read as Unix seconds, .* year 9999\.\n  Next: make 'time' a timestamp"
    with pytest.raises(DataError, match=message):
        store.get_historical_features(at(NOON), ["seen:value"]).to_df()
    entities = pd.DataFrame({"origin": ["JFK"], "event_timestamp": [SECONDS * factor]})
    with pytest.raises(DataError, match=r"The entity frame holds \d+ in 'event_timestamp'"):
        store.get_historical_features(entities, ["seen:value"]).to_df()


def test_a_text_that_is_no_time_is_named(tmp_path):
    store = open_store(tmp_path, OURS, [origin, view(tmp_path, seen(["noon"], [1]))])
    with pytest.raises(
        DataError, match=r"in 'time' that cannot be read as times: .*noon.*\n  Next: write"
    ):
        store.get_historical_features(at(NOON), ["seen:value"]).to_df()


@pytest.mark.parametrize(
    "times",
    [[SECONDS, SECONDS + 3600], ["2013-01-01 12:00", "2013-01-01 13:00"]],
    ids=["seconds", "texts"],
)
def test_such_times_reach_the_online_store_too(tmp_path, times):
    store = open_store(tmp_path, OURS, [origin, view(tmp_path, seen(times, [1, 2]))])
    store.materialize(NOON - HOUR, NOON + HOUR)
    response = store.get_online_features(["seen:value"], [{"origin": "JFK"}])
    assert response.to_dict()["value"] == [2]
    assert [stamp.seconds for stamp in response.proto.results[1].event_timestamps] == [
        SECONDS + 3600
    ]


def test_milliseconds_are_not_rounded_where_rows_are_pulled(tmp_path):
    rows = seen(pl.Series([NOON]).dt.cast_time_unit("ms"), [1])
    store = open_store(tmp_path, OURS, [origin, view(tmp_path, rows)])
    source = store.get_feature_view("seen").batch_source
    pull = store._get_provider().offline_store.pull_all_from_table_or_query

    def pulled(first: datetime, last: datetime) -> int:
        job = pull(store.config, source, ["origin"], ["value"], "time", None, first, last)
        return job.to_polars().height

    assert pulled(NOON, NOON) == 1
    assert pulled(NOON + TICK, NOON + HOUR) == 0
    assert pulled(NOON - HOUR, NOON - TICK) == 0
