"""Keys are compared by their worth, whatever their types, and may go by other names."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pandas as pd
import polars as pl
import pytest
from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.types import Int64
from feature_store.small_views import (
    DUCKDB,
    HOUR,
    NOON,
    OURS,
    TICK,
    at,
    carrier,
    open_store,
    origin,
    view,
)

from include.errors import DataError

BIG = 2**53
ROUTES = {
    "origin": ["JFK", "JFK", "LGA"],
    "carrier": ["AA", "UA", "AA"],
    "time": [NOON, NOON, NOON],
    "value": [1, 2, 3],
}


def keyed(root, kind: str, source: pl.Series, ours: list) -> list:
    """What a view with these keys, and the values 1, 2, ..., holds for the keys asked for."""
    key = Entity(name="key", join_keys=["key"], value_type=ValueType.INT64)
    rows = {"key": source, "time": [NOON] * len(source), "value": range(1, len(source) + 1)}
    pl.DataFrame(rows).write_parquet(root / "keys.parquet")
    one = FeatureView(
        name="seen",
        entities=[key],
        ttl=None,
        schema=[Field(name="value", dtype=Int64), Field(name="key", dtype=Int64)],
        source=FileSource(path=str(root / "keys.parquet"), timestamp_field="time"),
    )
    frame = pd.DataFrame(
        {"key": ours, "event_timestamp": [NOON] * len(ours), "row": range(len(ours))}
    )
    store = open_store(root, kind, [key, one])
    table = store.get_historical_features(frame, ["seen:value"]).to_df().sort_values("row")
    return [None if pd.isna(value) else int(value) for value in table["value"]]


def decimals(places: int, *texts: str) -> pl.Series:
    return pl.Series([Decimal(text) for text in texts], dtype=pl.Decimal(38, places))


MORNING = NOON.replace(tzinfo=None)
KEYS = {
    "decimals": (decimals(0, f"{BIG}", f"{BIG + 1}"), [Decimal(BIG + 1), Decimal(BIG)], [2, 1]),
    "decimals of other places": (decimals(2, "1.10", "1.11"), [Decimal("1.1"), Decimal("1.2")], [1, None]),
    "decimals and integers": (decimals(0, f"{BIG}", f"{BIG + 1}"), [BIG + 1, BIG], [2, 1]),
    "integers and decimals": (pl.Series([BIG, BIG + 1]), [Decimal(BIG + 1), Decimal("1.5")], [2, None]),
    "decimals and floats": (decimals(2, "0.10", "0.14"), [0.1, 0.141], [1, None]),
    "integers and floats": (pl.Series([1, 2]), [2.0, None, 1.5], [2, None, None]),
    "unsigned and signed": (pl.Series([2**64 - 1, 5], dtype=pl.UInt64), [5, -1], [2, None]),
    "datetimes of pandas": (pl.Series([MORNING, MORNING + TICK]), [NOON + TICK, NOON], [2, 1]),
    "datetimes of other zones": (
        pl.Series([NOON]),
        [NOON.astimezone(timezone(timedelta(hours=5, minutes=30))), NOON + HOUR],
        [1, None],
    ),
    "dates and datetimes": (pl.Series([NOON.date()]), [datetime(2013, 1, 1), MORNING], [1, None]),
    "datetimes and dates": (pl.Series([datetime(2013, 1, 1), MORNING]), [NOON.date()], [1]),
    "Booleans": (pl.Series([True, False]), [False, None, True], [2, None, 1]),
    "bytes": (pl.Series([b"a", b"b"]), [b"b", b"c"], [2, None]),
}  # fmt: skip


@pytest.mark.parametrize("kind", [OURS, DUCKDB])
@pytest.mark.parametrize(("source", "ours", "answer"), KEYS.values(), ids=KEYS)
def test_keys_are_compared_by_their_worth(tmp_path, kind, source, ours, answer):
    assert keyed(tmp_path, kind, source, ours) == answer


def test_an_integer_that_no_float_holds_equals_no_float(tmp_path):
    # Feast's duckdb store takes one of the two for the other.
    source = pl.Series([BIG + 1, BIG])
    assert keyed(tmp_path, OURS, source, [float(BIG), None]) == [2, None]


def test_durations_of_pandas_are_keys(tmp_path):  # which Feast's duckdb store cannot cast
    assert keyed(tmp_path, OURS, pl.Series([HOUR, 2 * HOUR]), [2 * HOUR]) == [2]


def test_a_list_is_no_key_and_the_message_says_what_is(tmp_path):
    with pytest.raises(DataError, match=r"'key' is List\(Int64\) .*\n  Next: join on a number, a"):
        keyed(tmp_path, OURS, pl.Series([[1]]), [[1]])


@pytest.mark.parametrize(
    ("map_of_keys", "answer"),
    [({"origin": "from"}, [2, None]), ({"carrier": "by"}, [1, 3]), ({"origin": "from", "carrier": "by"}, [1, None])],
    ids=["one of two", "the other", "both"],
)  # fmt: skip
def test_a_map_of_some_join_keys_leaves_the_others_as_they_are(tmp_path, map_of_keys, answer):
    route = view(tmp_path, ROUTES, [origin, carrier], name="route")
    service = FeatureService(name="mapped", features=[route.with_join_key_map(map_of_keys)])
    store = open_store(tmp_path, OURS, [origin, carrier, route, service])
    entities = pd.DataFrame(
        {
            "origin": ["JFK", "LGA"],
            "carrier": ["UA", "AA"],
            "from": ["JFK", "EWR"],
            "by": ["AA", "AA"],
            "event_timestamp": [NOON, NOON],
        }
    )
    table = store.get_historical_features(entities, service).to_polars()
    assert table["value"].to_list() == answer


def test_a_map_of_a_key_that_the_view_lacks_offers_the_nearest(tmp_path):
    route = view(tmp_path, ROUTES, [origin, carrier], name="route")
    service = FeatureService(name="mapped", features=[route.with_join_key_map({"orgin": "from"})])
    store = open_store(tmp_path, OURS, [origin, carrier, route, service])
    message = (
        r"of route maps 'orgin', .*; it has .*Did you mean 'origin'\?\n  Next: correct the map"
    )
    with pytest.raises(DataError, match=message):
        store.get_historical_features(at(NOON).assign(carrier="AA"), service)
