"""Stores and views small enough to read, for the tests of our offline store."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import polars as pl
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.repo_config import RepoConfig
from feast.types import Int64, String

OURS, DUCKDB = "include.feature_store.offline.PolarsOfflineStore", "duckdb"
HOUR, TICK = timedelta(hours=1), timedelta(microseconds=1)
NOON = datetime(2013, 1, 1, 12, tzinfo=UTC)
origin = Entity(name="origin", join_keys=["origin"], value_type=ValueType.STRING)
carrier = Entity(name="carrier", join_keys=["carrier"], value_type=ValueType.STRING)
number = Entity(name="number", join_keys=["number"], value_type=ValueType.INT64)


def open_store(root: Path, kind: str, things: list) -> FeatureStore:
    folder = root / kind
    folder.mkdir()
    config = RepoConfig(
        project="test",
        provider="local",
        registry=str(folder / "registry.db"),
        offline_store={"type": kind},
        online_store={"type": "sqlite", "path": str(folder / "online.db")},
        batch_engine={"type": "local", "backend": "polars"},
        materialization={"pull_latest_features": True},
        entity_key_serialization_version=3,
    )
    config.repo_path = root
    store = FeatureStore(config=config)
    store.apply(things)
    return store


def view(
    root: Path,
    rows: dict,
    entities: list[Entity] = [origin],  # noqa: B006
    ttl: timedelta | None = 2 * HOUR,
    name: str = "seen",
    **source,
) -> FeatureView:
    """A view of one file with the columns of `rows`, whose feature is `value`."""
    folder = root / "data" / name
    folder.mkdir(parents=True)
    pl.DataFrame(rows).write_parquet(folder / "2013-01.parquet")
    keys = {"origin": String, "carrier": String, "number": Int64}
    return FeatureView(
        name=name,
        entities=entities,
        ttl=ttl,
        schema=[Field(name="value", dtype=Int64)]
        + [Field(name=entity.name, dtype=keys[entity.name]) for entity in entities],
        source=FileSource(path=str(folder / "*.parquet"), **({"timestamp_field": "time"} | source)),
    )


def both(root: Path, things: list, entity_df: pd.DataFrame, features: list[str], **options):
    """The result of our store and, in the same order, that of the duckdb store."""
    entity_df = entity_df.assign(row=range(len(entity_df)))
    results = []
    for kind in (OURS, DUCKDB):
        store = open_store(root, kind, things)
        results.append(store.get_historical_features(entity_df, features, **options).to_df())
    ours, theirs = results
    assert ours["row"].tolist() == list(range(len(entity_df)))
    return ours, theirs.sort_values("row", ignore_index=True)


def assert_equal(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Equal values; the duckdb store gives microseconds where pandas came with nanoseconds."""
    ours, theirs = (
        table.astype({"event_timestamp": "datetime64[us, UTC]"}) for table in (ours, theirs)
    )
    pd.testing.assert_frame_equal(ours, theirs[list(ours.columns)], check_dtype=False)


def at(*times: datetime, key: str | None = "JFK") -> pd.DataFrame:
    return pd.DataFrame({"origin": [key] * len(times), "event_timestamp": list(times)})


def seen(times: list, values: list[int], key: str | None = "JFK", **columns) -> dict:
    return {"origin": [key] * len(times), "time": times, "value": values, **columns}
