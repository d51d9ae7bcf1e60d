"""A repository with two versions of a tiny model, made and registered as runs and people do it."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import tiny_bento
import yaml
from parity import dvc_
from small_git import commit, init, shell

from include.flights import package_bento
from include.pipeline.registry.writing import register
from include.serving import bento_file

ROOT = Path(__file__).parents[2]
GRAPH: dict[str, Any] = {
    "stages": {
        "package_bento": {
            "cmd": "mkdir -p bento && cp made.bin bento/flight_delays.bento",
            "deps": ["made.bin"],
            "outs": ["bento/flight_delays.bento"],
        },
        "fetch_champion": {
            "cmd": f"PYTHONPATH={ROOT} {sys.executable} -m include.flights.fetch_champion "
            "--folder models/champion",
            "params": ["champion", "fetch_champion"],
            "outs": ["models/champion"],
        },
        "score_flights": {
            "cmd": f"PYTHONPATH={ROOT} {sys.executable} -m include.flights.score_flights "
            "--champion models/champion --features features --scores scores --metrics scores.json",
            "deps": ["models/champion", "features"],
            "params": ["window", "score_flights"],
            "outs": [{"scores": {"persist": True}}],
            "metrics": ["scores.json"],
        },
    },
    "artifacts": {"flight_delays": {"path": "bento/flight_delays.bento", "type": "model"}},
}
PARAMS = {
    "champion": {"version": "none", "commit": "none", "md5": "none"},
    "fetch_champion": {"artifact": "flight_delays"},
    "window": {"start": "2013-10-01", "end": "2014-01-01"},
    "score_flights": {"months": 1},
}


def flights(month: int) -> pl.DataFrame:
    """Fifty flights of the last months of 2013, as build_features leaves them."""
    table = tiny_bento.TABLE.slice(50 * (month - 10), 50)
    first = datetime(2013, month, 1, 12, tzinfo=UTC)
    return table.with_columns(
        flight_id=pl.format("2013-{}_UA{}_EWR", pl.lit(month), pl.int_range(50)),
        cutoff_utc=pl.Series([first + timedelta(hours=hour) for hour in range(50)]),
    )


def lay_features(folder: Path) -> None:
    """Three months of them."""
    folder.mkdir()
    for month in (10, 11, 12):
        flights(month).write_parquet(folder / f"2013-{month}.parquet")


def bento(work: Path, members: dict[str, float]) -> Path:
    """A bento as package_bento makes it, but for what BentoML itself adds to it."""
    root = tiny_bento.lay_out(work, members)
    source = root / "built" / "src"
    package_bento.lay_out(source, root / "models" / "chosen.json", root / "models", {})
    serving = ROOT / "environments" / "serving.txt"
    manifest = package_bento.describe(source, tiny_bento.PARAMS, serving, "0")
    (source / "model" / "manifest.json").write_text(json.dumps(manifest))
    (root / "built" / "bento.yaml").write_text("{}")
    bento_file.pack(root / "built", root / "flight_delays.bento", tiny_bento.NEWEST)
    return root / "flight_delays.bento"


def make(folder: Path, *bentos: Path) -> Path:
    """A repository in which each bento is a version: v0.0.1, v0.0.2, ..., with a remote of DVC."""
    repo = folder / "repo"
    repo.mkdir(parents=True)
    init(repo, "--initial-branch=main")
    for key, value in {"user.name": "Ann", "user.email": "ann@localhost"}.items():
        shell(repo, "git", "config", key, value)
    dvc_(repo, "remote", "add", "--quiet", "--default", "store", str(folder / "store"))
    (repo / "dvc.yaml").write_text(yaml.safe_dump(GRAPH, sort_keys=False))
    lay_features(repo / "features")
    (repo / "params.yaml").write_text(yaml.safe_dump(PARAMS, sort_keys=False))
    for number, made in enumerate(bentos, start=1):
        (repo / "made.bin").write_bytes(made.read_bytes())
        dvc_(repo, "repro", "--quiet")
        commit(repo, f"model {number}")
        base, now = revision(repo, "HEAD^") if number > 1 else "", revision(repo, "HEAD")
        base = base or now
        shell(repo, "git", "update-ref", f"refs/exps/{base[:2]}/{base[2:]}/run{number}", now)
        register(repo, "flight_delays", f"run{number}")
    dvc_(repo, "push", "--quiet", "--all-tags")
    return repo


def revision(repo: Path, name: str) -> str:
    return shell(repo, "git", "rev-parse", name).strip()


def fetch(repo: Path, folder: str = "fetched") -> subprocess.CompletedProcess[str]:
    """Run the stage's command in a repository, as DVC does."""
    command = GRAPH["stages"]["fetch_champion"]["cmd"].replace("models/champion", folder)
    return subprocess.run(
        command, shell=True, cwd=repo, capture_output=True, text=True, check=False
    )
