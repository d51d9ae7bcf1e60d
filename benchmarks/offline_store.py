"""Our offline store against Feast's duckdb store, on every labelled flight of the year.

Measured: `get_historical_features(...).to_df()` of a pandas entity frame, from call to pandas
frame, in a process of its own for each store. Imports, `apply`, the entity frame and one warm-up
call on ten rows come before the clock starts. Peak memory is that of the whole process, so the
memory before the clock starts is given beside it.

Run it with: python -m benchmarks.offline_store
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

RAW = Path("data/raw")
STORES = {"ours": "include.feature_store.offline.PolarsOfflineStore", "duckdb": "duckdb"}
WEATHER = ("temp_f", "dewp_f", "humid_pct", "wind_speed_mph", "pressure_mb", "visib_mi")


def main() -> None:
    """Measure both stores, and print the ratio."""
    results = {}
    for name in STORES:
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.offline_store", name]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode:
            raise SystemExit(run.stderr)
        results[name] = json.loads(run.stdout.splitlines()[-1])
    ours, duckdb = results["ours"], results["duckdb"]
    print(f"{ours['rows']:,} rows, {ours['features']} features of two views")
    print(f"{'':8} {'CPU s':>8} {'wall s':>8} {'peak MB':>8} {'before MB':>10}")
    for name, result in results.items():
        print(
            f"{name:8} {result['cpu_s']:8.2f} {result['wall_s']:8.2f} "
            f"{result['peak_mb']:8.0f} {result['before_mb']:10.0f}"
        )
    ratios = {clock: duckdb[f"{clock}_s"] / ours[f"{clock}_s"] for clock in ("cpu", "wall")}
    print(f"duckdb / ours: {ratios['cpu']:.0f}x CPU, {ratios['wall']:.0f}x wall")
    same = ours["nulls"] == duckdb["nulls"] and ours["sums"] == duckdb["sums"]
    print(f"sums and nulls per feature are {'equal' if same else 'DIFFERENT'}")


def measure(name: str) -> dict[str, Any]:
    """Join all labelled flights with one store."""
    with tempfile.TemporaryDirectory() as work:
        store, entity_df, features = prepare(STORES[name], Path(work))
        store.get_historical_features(entity_df.head(10), features).to_df()
        before_mb = peak_mb()
        wall, cpu = time.perf_counter(), time.process_time()
        table = store.get_historical_features(entity_df, features).to_df()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        assert len(table) == len(entity_df)
    columns = [feature.split(":")[1] for feature in features]
    return {
        "rows": len(table),
        "features": len(columns),
        "cpu_s": cpu,
        "wall_s": wall,
        "peak_mb": peak_mb(),
        "before_mb": before_mb,
        "nulls": [int(table[column].isna().sum()) for column in columns],
        "sums": [round(float(table[column].astype("float64").sum()), 1) for column in columns],
    }


def prepare(kind: str, work: Path) -> tuple[Any, Any, list[str]]:
    """A store with the weather of the airport and the last departure of its carrier."""
    import polars as pl
    from feast import FeatureStore
    from feast.repo_config import RepoConfig

    flights = pl.scan_parquet(RAW / "flights" / "*.parquet")
    departed = work / "departed.parquet"
    (
        flights.filter(pl.col("dep_utc").is_not_null())
        .sort("dep_utc", "flight_id")
        .unique(["origin", "carrier", "dep_utc"], keep="last", maintain_order=True)
        .select("origin", "carrier", "dep_utc", "dep_delay_min")
        .collect()
        .write_parquet(departed)
    )
    config = RepoConfig(
        project="benchmark",
        provider="local",
        registry=str(work / "registry.db"),
        offline_store={"type": kind},
        online_store={"type": "sqlite", "path": str(work / "online.db")},
        entity_key_serialization_version=3,
    )
    config.repo_path = Path.cwd()
    store = FeatureStore(config=config)
    store.apply(definitions(departed))
    labelled = flights.filter(pl.col("arr_delay_min").is_not_null())
    cutoff = pl.col("sched_dep_utc") - pl.duration(hours=2)
    entity_df = labelled.select("flight_id", "origin", "carrier", event_timestamp=cutoff)
    features = [*(f"weather:{column}" for column in WEATHER), "last:dep_delay_min"]
    return store, entity_df.collect().to_pandas(), features


def definitions(departed: Path) -> list[Any]:
    """The entities and the views, in Feast's words."""
    from feast import Entity, FeatureView, Field, FileSource, ValueType
    from feast.types import Float32, Int32

    origin, carrier = (
        Entity(name=key, join_keys=[key], value_type=ValueType.STRING)
        for key in ("origin", "carrier")
    )
    observed = str((RAW / "weather" / "*.parquet").absolute())
    weather = FeatureView(
        name="weather",
        entities=[origin],
        ttl=timedelta(hours=3),
        schema=[Field(name=column, dtype=Float32) for column in WEATHER],
        source=FileSource(path=observed, timestamp_field="observed_utc"),
    )
    last = FeatureView(
        name="last",
        entities=[origin, carrier],
        ttl=timedelta(hours=6),
        schema=[Field(name="dep_delay_min", dtype=Int32)],
        source=FileSource(path=str(departed), timestamp_field="dep_utc"),
    )
    return [origin, carrier, weather, last]


def peak_mb() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
    else:
        main()
