"""The service reads without Feast what Feast wrote, from both stores."""

import struct
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from small_online import REDIS, february, january, put, redis_server, run

from include.errors import DataError, ParamsError, PipelineError
from include.feature_store import encoding
from include.feature_store.receipt import RECEIPT
from include.serving.lookup import OnlineStore, RedisStore, Row

FEBRUARY = date(2013, 2, 1)
MARCH = date(2013, 3, 1)


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp())  # type: ignore[arg-type, misc]


@contextmanager
def filled(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store of this kind with January in it."""
    root = january(tmp_path / "repository")
    if kind == "sqlite":
        run(root, FEBRUARY)
        yield root
        return
    with redis_server(tmp_path) as url:
        monkeypatch.setenv("LEEWAY_REDIS_URL", url)
        run(root, FEBRUARY, REDIS)
        yield root


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_many_entities_of_many_views_are_read_at_once(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with filled(kind, tmp_path, monkeypatch) as root:
        store = OnlineStore(root / "data/online")
        asked = {"weather": [("JFK",), ("LGA",), ("XXX",)], "plane": [("N1",)]}
        assert store.rows(asked) == {
            "weather": {
                ("JFK",): Row(at(2013, 1, 31, 20), {"temp_f": 11.0}),
                ("LGA",): Row(at(2013, 1, 5), {"temp_f": 20.0}),
            },
            "plane": {("N1",): Row(at(1990, 1, 1), {"seats": 150.0})},
        }
        assert store.rows({"weather": []}) == {"weather": {}}


def test_redis_is_read_where_no_receipt_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with filled("redis", tmp_path, monkeypatch) as root:
        asked = {"weather": [("JFK",)], "plane": [("N1",), ("N2",)]}
        views = {"weather": (["origin"], ["temp_f"]), "plane": (["tailnum"], ["seats"])}
        expected = OnlineStore(root / "data/online").rows(asked)
        assert RedisStore("flights", views).rows(asked) == expected


def test_a_store_that_was_filled_anew_is_opened_anew(tmp_path: Path) -> None:
    root = january(tmp_path)
    run(root, FEBRUARY)
    store = OnlineStore(root / "data/online")
    store.rows({"weather": [("JFK",)]})
    february(root)
    run(root, MARCH)
    assert store.rows({"weather": [("EWR",)]})["weather"] == {
        ("EWR",): Row(at(2013, 2, 3), {"temp_f": 30.0})
    }


def test_a_store_that_is_being_replaced_answers_as_before(tmp_path: Path) -> None:
    root = january(tmp_path)
    run(root, FEBRUARY)
    store = OnlineStore(root / "data/online")
    before = store.rows({"weather": [("JFK",)]})
    for path in (root / "data/online").iterdir():
        path.unlink()
    assert store.rows({"weather": [("JFK",)]}) == before


def test_a_feature_that_is_null_is_not_known(tmp_path: Path) -> None:
    root = january(tmp_path)
    put(
        root,
        "weather",
        "2013-01",
        ["origin", "temp_f"],
        [("JFK", datetime(2013, 1, 2, tzinfo=UTC), None)],
    )
    run(root, FEBRUARY)
    found = OnlineStore(root / "data/online").rows({"weather": [("JFK",)]})
    assert found["weather"][("JFK",)].values == {"temp_f": None}


def test_what_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = january(tmp_path)
    run(root, FEBRUARY)
    online = root / "data/online"
    with pytest.raises(DataError, match="has no view 'wheather'"):
        OnlineStore(online).rows({"wheather": [("JFK",)]})
    (online / "online.db").write_bytes(b"no database" * 100)
    with pytest.raises(PipelineError, match="online.db cannot be read: file is not a database"):
        OnlineStore(online).rows({"weather": [("JFK",)]})
    (online / "online.db").unlink()
    with pytest.raises(DataError, match="online.db cannot be read: unable to open"):
        OnlineStore(online).rows({"weather": [("JFK",)]})
    receipt = (online / RECEIPT).read_text()
    (online / RECEIPT).write_text(receipt.replace('"key_version": 3', '"key_version": 2'))
    with pytest.raises(DataError, match="of version 2, not 3"):
        OnlineStore(online).rows({})
    (online / RECEIPT).write_text("{}")
    with pytest.raises(DataError, match="is not the receipt"):
        OnlineStore(online).rows({})


def test_a_redis_that_is_away_is_said_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with filled("redis", tmp_path, monkeypatch) as root:
        online = OnlineStore(root / "data/online")
        online.rows({"weather": [("JFK",)]})
    with pytest.raises(PipelineError, match="Redis does not answer") as caught:
        online.rows({"weather": [("JFK",)]})
    assert "2034" not in str(caught.value) and "12 34" not in str(caught.value)
    monkeypatch.delenv("LEEWAY_REDIS_URL")
    with pytest.raises(ParamsError, match="LEEWAY_REDIS_URL is not set"):
        OnlineStore(root / "data/online").rows({})


@pytest.mark.parametrize("url", ["redis://:top/secret@host:1/0", "//:topsecret@host"])
def test_a_url_that_is_none_is_not_shown(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEEWAY_REDIS_URL", url)
    with pytest.raises(ParamsError, match="LEEWAY_REDIS_URL is no URL of a Redis") as caught:
        RedisStore("flights", {})
    assert "top" not in "".join(traceback.format_exception(caught.value))


def test_keys_and_values_are_those_of_feast() -> None:
    from feast.infra.key_encoding_utils import serialize_entity_key
    from feast.infra.online_stores.helpers import _mmh3
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.protos.feast.types.Value_pb2 import Value

    values = [Value(string_val="ÜA"), Value(int32_val=1234), Value(string_val="JFK")]
    theirs = EntityKey(join_keys=["origin", "flight", "carrier"], entity_values=values)
    ours = encoding.entity_key(["origin", "flight", "carrier"], ["ÜA", 1234, "JFK"])
    assert ours == serialize_entity_key(theirs, 3)
    assert encoding.field("weather", "temp_f") == _mmh3("weather:temp_f")
    single = struct.unpack("<f", struct.pack("<f", 0.1))[0]
    numbers = [
        (Value(float_val=0.1), single),
        (Value(double_val=-1e300), -1e300),
        (Value(int32_val=-7), -7.0),
        (Value(int64_val=1 << 40), float(1 << 40)),
        (Value(bool_val=True), 1.0),
        (Value(float_val=0.0), 0.0),
        (Value(), None),
    ]
    for value, expected in numbers:
        assert encoding.number(value.SerializeToString()) == expected
    with pytest.raises(ValueError, match="no number"):
        encoding.number(Value(string_val="x").SerializeToString())
