"""What may be asked of the offline store: by creation, without an entity frame, and as Arrow."""

from datetime import timedelta

import pandas as pd
import polars as pl
import pytest
from feature_store.small_views import (
    HOUR,
    NOON,
    OURS,
    assert_equal,
    at,
    both,
    carrier,
    open_store,
    origin,
    seen,
    view,
)

from include.errors import DataError

ROUTES = {
    "origin": ["JFK", "JFK", "LGA"],
    "carrier": ["AA", "UA", "AA"],
    "time": [NOON, NOON, NOON],
    "value": [1, 2, 3],
}


CREATED = {
    "a row counts from its creation on": (
        seen([NOON], [1], created=[NOON + HOUR]),
        [None, 1, 1],
    ),
    "a correction replaces what was known": (
        seen([NOON, NOON], [1, 2], created=[NOON, NOON + HOUR]),
        [1, 2, 2],
    ),
    "an older row that comes late changes nothing": (
        seen([NOON, NOON - HOUR], [1, 2], created=[NOON, NOON + HOUR]),
        [1, 1, 1],
    ),
    "a row created before its time counts from its time on": (
        seen([NOON + HOUR], [1], created=[NOON - HOUR]),
        [None, 1, 1],
    ),
    "a row of unknown creation never counts": (seen([NOON], [1], created=[None]), [None] * 3),
    "of rows created at once the last counts": (
        seen([NOON, NOON - HOUR, NOON - 2 * HOUR], [3, 2, 1], created=[NOON] * 3),
        [3, 3, 3],
    ),
    "a row too old does not count, though it was created late": (
        seen([NOON - HOUR], [1], created=[NOON]),
        [1, 1, None],
    ),
    "the creation of other keys does not matter": (
        {**seen([NOON, NOON], [1, 2], created=[NOON, NOON]), "origin": ["JFK", "LGA"]},
        [1, 1, 1],
    ),
}


@pytest.mark.parametrize(("rows", "answer"), CREATED.values(), ids=CREATED)
def test_by_creation_a_row_counts_once_it_was_known(tmp_path, rows, answer):
    if rows["created"] == [None]:
        rows["created"] = pl.Series([None], dtype=pl.Datetime("us", "UTC"))
    things = [origin, view(tmp_path, rows, created_timestamp_column="created")]
    entities = at(NOON, NOON + HOUR, NOON + 2 * HOUR)
    ours, theirs = both(
        tmp_path, things, entities, ["seen:value"], filter_by_created_timestamp=True
    )
    assert [None if pd.isna(value) else int(value) for value in ours["value"]] == answer
    assert_equal(ours, theirs)


def test_without_a_column_of_creation_nothing_is_filtered(tmp_path):
    things = [origin, view(tmp_path, seen([NOON], [1]))]
    ours, theirs = both(
        tmp_path, things, at(NOON), ["seen:value"], filter_by_created_timestamp=True
    )
    assert ours["value"].tolist() == [1]
    assert_equal(ours, theirs)


def test_by_creation_a_view_without_an_entity_has_one_row(tmp_path):
    rows = {"time": [NOON, NOON], "value": [1, 2], "created": [NOON, NOON + HOUR]}
    one = view(tmp_path, rows, [], created_timestamp_column="created")
    store = open_store(tmp_path, OURS, [one])
    job = store.get_historical_features(
        at(NOON, NOON + HOUR), ["seen:value"], filter_by_created_timestamp=True
    )
    assert job.to_df()["value"].tolist() == [1, 2]


def test_without_an_entity_frame_the_rows_are_those_of_the_views(tmp_path):
    rows = {
        "origin": ["LGA", "JFK", "JFK", "JFK", None],
        "time": [NOON + HOUR, NOON, NOON + HOUR, NOON + 2 * HOUR, NOON],
        "value": [4, 1, 2, 3, 9],
    }
    store = open_store(tmp_path, OURS, [origin, view(tmp_path, rows, ttl=None)])
    job = store.get_historical_features(None, ["seen:value"], start_date=NOON, end_date=NOON + HOUR)
    assert job.to_polars().rows() == [
        (NOON, "JFK", 1),
        (NOON + HOUR, "JFK", 2),
        (NOON + HOUR, "LGA", 4),
    ]
    assert job.metadata.keys == ["origin"]
    assert (job.metadata.min_event_timestamp, job.metadata.max_event_timestamp) == (
        NOON,
        NOON + HOUR,
    )


def test_without_an_entity_frame_each_view_answers_for_the_rows_of_all(tmp_path):
    things = [
        origin,
        carrier,
        view(tmp_path, ROUTES, [origin, carrier], name="route"),
        view(tmp_path, seen([NOON - HOUR], [7]), name="airport", ttl=None),
    ]
    store = open_store(tmp_path, OURS, things)
    wanted = ["route:value", "airport:value"]
    job = store.get_historical_features(
        None, wanted, full_feature_names=True, start_date=NOON - HOUR, end_date=NOON
    )
    names = ("event_timestamp", "origin", "carrier", "route__value", "airport__value")
    assert job.to_polars().select(names).rows() == [
        (NOON - HOUR, "JFK", None, None, 7),
        (NOON, "JFK", "AA", 1, 7),
        (NOON, "JFK", "UA", 2, 7),
        (NOON, "LGA", "AA", 3, None),
    ]


def test_without_an_entity_frame_the_longest_ttl_is_the_window(tmp_path):
    rows = seen([NOON - 3 * HOUR, NOON - 2 * HOUR, NOON], [1, 2, 3])
    store = open_store(tmp_path, OURS, [origin, view(tmp_path, rows, ttl=2 * HOUR)])
    job = store.get_historical_features(None, ["seen:value"], end_date=NOON)
    assert job.to_polars()["value"].to_list() == [2, 3]


def test_lists_are_lists_in_arrow(tmp_path):
    rows = seen([NOON], pl.Series([["a", "b"]], dtype=pl.List(pl.String)))
    store = open_store(tmp_path, OURS, [origin, view(tmp_path, rows)])
    job = store.get_historical_features(at(NOON), ["seen:value"])
    types = {field.name: str(field.type) for field in job.to_arrow().schema}
    assert types["value"] == "list<item: string>"
    assert types["origin"] == "string"
    assert job.to_df()["value"][0].tolist() == ["a", "b"]


def test_a_ttl_longer_than_the_calendar_keeps_all_rows(tmp_path):
    rows = seen([NOON], [1])
    store = open_store(tmp_path, OURS, [origin, view(tmp_path, rows, ttl=timedelta(days=800_000))])
    job = store.get_historical_features(at(NOON + 9_000 * HOUR), ["seen:value"])
    assert job.to_df()["value"].tolist() == [1]


def test_an_entity_frame_of_mixed_things_says_so(tmp_path):
    store = open_store(tmp_path, OURS, [origin, view(tmp_path, seen([NOON], [1]))])
    entities = at(NOON, NOON).assign(note=pd.Series([1, "x"], dtype=object))
    with pytest.raises(DataError, match=r"entity frame cannot be read: .*\n  Next: give each of"):
        store.get_historical_features(entities, ["seen:value"])


def test_columns_with_an_offset_for_a_zone_are_taken(tmp_path):
    store = open_store(tmp_path, OURS, [origin, view(tmp_path, seen([NOON], [1]))])
    store.config.coerce_tz_aware = False
    entities = at(pd.Timestamp("2013-01-01T17:30:00+05:30"))
    table = store.get_historical_features(entities, ["seen:value"]).to_polars()
    assert table["value"].to_list() == [1]
    assert table["event_timestamp"].to_list() == [NOON]


@pytest.mark.parametrize("latest", [True, False], ids=["only the latest rows", "all rows"])
def test_a_view_without_an_entity_reaches_the_online_store(tmp_path, latest):
    rows = {"time": [NOON, NOON + HOUR], "value": [1, 2]}
    store = open_store(tmp_path, OURS, [view(tmp_path, rows, [])])
    store.config.materialization_config.pull_latest_features = latest
    store.materialize(NOON - HOUR, NOON + HOUR)
    # Feast wants some key of each row, even where no view has one.
    answer = store.get_online_features(["seen:value"], [{"any": "thing"}])
    assert answer.to_dict()["value"] == [2]
