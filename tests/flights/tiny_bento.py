"""A repository whose models are tiny, and the bento that package_bento makes of them."""

import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import tiny_models

from include.flights import columns
from include.flights.models.encoding import Encoder
from include.flights.package_bento import Params, Zones, package_bento

ROOT = Path(__file__).parents[2]
PARAMS = Params(name="flight_delays", late_from_probability=0.5, max_rows=300, max_body_mb=2)
ZONES = Zones(time_zones={"SJU": "America/Puerto_Rico"})
TABLE = tiny_models.flights(columns.names("number"), columns.names("category"))
NEWEST = datetime(2013, 12, 31, 23, 30, tzinfo=UTC)


def lay_out(root: Path, members: dict[str, float]) -> Path:
    """A repository's models and features, with the chosen members alone."""
    encoder = Encoder.fit(TABLE, columns.names("number"), columns.names("category"))
    models = root / "models"
    for name in ("xgboost", "torch"):
        (models / name).mkdir(parents=True)
    if "xgboost" in members:
        tiny_models.train_xgboost(TABLE, encoder, models / "xgboost")
    if "torch" in members:
        tiny_models.train_torch(TABLE, encoder, models / "torch")
    tiny_models.choose(models, members)
    features = root / "data" / "features"
    features.mkdir(parents=True)
    table = TABLE.with_columns(sched_dep_utc=pl.lit(NEWEST))
    table.write_parquet(features / "2013-12.parquet")
    (features / "_keys.json").write_text('{"2013-12": "0"}\n')
    reference = root / "data" / "validated" / "reference"
    reference.mkdir(parents=True)
    airports = {"faa": ["EWR", "ORD"], "tzone": ["America/New_York", "America/Chicago"]}
    pl.DataFrame(airports).write_parquet(reference / "airports.parquet")
    return root


def package(root: Path, out: str = "made") -> Path:
    """Run the stage on what `lay_out` left, and return the bento."""
    models, made = root / "models", root / out
    made.mkdir()
    bento = made / "flight_delays.bento"
    package_bento(
        models / "chosen.json",
        models,
        root / "data" / "features",
        root / "data" / "validated" / "reference",
        ROOT / "environments/serving.txt",
        bento,
        made / "bento.json",
        ZONES,
        PARAMS,
    )
    return bento


BENTOML = [sys.executable, "-m", "bentoml"]


def environment(home: Path, **extra: str) -> dict[str, str]:
    ours = (
        "LEEWAY_SERVE_TOKEN",
        "LEEWAY_SERVE_OPEN",
        "BENTOML_DO_NOT_TRACK",
        "PYTHONPATH",
    )
    held = {name: value for name, value in os.environ.items() if name not in ours}
    return held | {"BENTOML_HOME": str(home)} | extra


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])
