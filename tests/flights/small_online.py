"""A Feast repository small enough to read, the stage that fills its online store, and a Redis."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
import redis

from include.feature_store import repository as feast_repo
from include.feature_store.receipt import RECEIPT, Receipt
from include.flights import materialize_features as stage
from include.flights.materialize_features import Params, materialize_features
from include.flights.splits import Window

SQLITE = Params(online_store="sqlite", time_zone="America/New_York")
REDIS = Params(online_store="redis", time_zone="America/New_York")
DEFINITIONS = """
from datetime import timedelta
from feast import Entity, FeatureView, Field, FileSource, ValueType
from feast.types import Float32, Int32, String

origin = Entity(name="origin", join_keys=["origin"], value_type=ValueType.STRING)
tailnum = Entity(name="tailnum", join_keys=["tailnum"], value_type=ValueType.STRING)


def view(name, entity, feature, online=True):
    source = FileSource(path=f"../data/feature_views/{name}", timestamp_field="event_timestamp")
    schema = [Field(name=entity.name, dtype=String), feature]
    return FeatureView(name=name, entities=[entity], ttl=timedelta(hours=3), schema=schema,
                       source=source, online=online)


weather = view("weather", origin, Field(name="temp_f", dtype=Float32))
plane = view("plane", tailnum, Field(name="seats", dtype=Int32))
secret = view("secret", origin, Field(name="secret", dtype=Float32), online=False)
"""


def utc(day: int, hour: int = 0, month: int = 1, year: int = 2013) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def january(tmp_path: Path) -> Path:
    """January: two airports. February: JFK again, and a row known before February. One plane."""
    repo = tmp_path / "feature_repo"
    repo.mkdir(parents=True)
    (repo / "definitions.py").write_text(DEFINITIONS)
    yaml = Path(__file__).parents[2] / "feature_repo" / "feature_store.yaml"
    shutil.copy(yaml, repo / "feature_store.yaml")
    january = [("JFK", utc(1), 10.0), ("JFK", utc(31, 20), 11.0), ("LGA", utc(5), 20.0)]
    put(tmp_path, "weather", "2013-01", ["origin", "temp_f"], january)
    put(tmp_path, "plane", "all", ["tailnum", "seats"], [("N1", utc(1, year=1990), 150)])
    put(tmp_path, "secret", "2013-01", ["origin", "secret"], [("JFK", utc(1), 1.0)])
    return tmp_path


def february(root: Path) -> None:
    """A new month, whose first row was known before the last end, on 1 February 05:00 UTC."""
    rows = [("LGA", utc(1, 3, 2), 21.0), ("JFK", utc(14, 0, 2), 12.0), ("EWR", utc(3, 0, 2), 30.0)]
    put(root, "weather", "2013-02", ["origin", "temp_f"], rows)


def put(root: Path, view: str, name: str, columns: list[str], rows: list[tuple]) -> None:
    folder = root / "data" / "feature_views" / view
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "_keys.json").write_text("{}")
    schema = {columns[0]: pl.String, "event_timestamp": pl.Datetime("us", "UTC")}
    schema |= {columns[1]: pl.Int32 if columns[1] == "seats" else pl.Float32}
    pl.DataFrame(rows, schema, orient="row").write_parquet(folder / f"{name}.parquet")


def run(root: Path, end: date, params: Params = SQLITE) -> Receipt:
    materialize_features(
        root / "feature_repo",
        root / "data" / "feature_views",
        root / "data" / "online",
        Window(start=date(2013, 1, 1), end=end),
        params,
    )
    return Receipt.model_validate_json((root / "data" / "online" / RECEIPT).read_text())


def read(root: Path, settings: dict | None = None) -> dict[str, tuple[float | None, datetime]]:
    """Temperature and its time per airport, as Feast reads them online."""
    work = root / f"read-{time.monotonic_ns()}"
    work.mkdir()
    with stage.utc_clock():
        store = feast_repo.open_store(root / "feature_repo", work, settings)
        airports = ["JFK", "LGA", "EWR"]
        response = store.get_online_features(
            ["weather:temp_f"], [{"origin": airport} for airport in airports]
        )
    result = response.proto.results[list(response.proto.metadata.feature_names.val).index("temp_f")]
    times = [stamp.ToDatetime(UTC) for stamp in result.event_timestamps]
    return dict(zip(airports, zip(response.to_dict()["temp_f"], times, strict=True), strict=True))


def outputs(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / "data" / "online").iterdir()}


@contextmanager
def redis_server(tmp_path: Path) -> Iterator[str]:
    """The URL of a Redis server of our own, with a password."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    port = free_port()
    options = ["--port", str(port), "--requirepass", "12 34", "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    for _ in range(100):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    try:
        yield f"redis://:12%2034@127.0.0.1:{port}/1"
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def dump(url: str) -> dict[bytes, dict[bytes, bytes] | bytes]:
    """All that a Redis server holds."""
    with redis.Redis.from_url(url) as client:
        return {
            key: client.get(key) if key.endswith(b"receipt") else client.hgetall(key)
            for key in client.scan_iter()
        }


def change(root: Path, old: str, new: str) -> None:
    """Replace a line of feature_store.yaml, or a text in the definitions."""
    for name in ("feature_store.yaml", "definitions.py"):
        path = root / "feature_repo" / name
        path.write_text(path.read_text().replace(old, new))


def held(receipt: Receipt) -> dict[str, int]:
    return {name: view.entities for name, view in receipt.views.items()}


# What decides where values are found: a line that says so, and another.
PLACES = {
    "another project": ("project: flights", "project: departures"),
    "keys of another version": ("serialization_version: 3", "serialization_version: 2"),
    "tables with another column": (
        "online.db\n",
        "online.db\n  enable_openai_compatible_store: true\n",
    ),
    "views of another name": (
        "FeatureView(name=name",
        "FeatureView(name=name.replace('plane', 'tail')",
    ),
}
