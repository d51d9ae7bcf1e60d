"""Stage package_bento: the chosen model as one file that `bentoml serve` can run.

The same inputs give the same bytes: the version is a hash of all that is inside, and every time
that BentoML wrote is replaced by that of the newest flight in the data.
"""

import json
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from include import environments, partitions, step
from include.errors import DataError
from include.flights import columns
from include.flights.members.chosen import read_chosen
from include.flights.members.records import MEMBERS
from include.flights.serving import predictor
from include.flights.serving.asked import TIME_ZONES
from include.serving import bento_file
from include.serving.code import code_of
from include.serving.hashes import directory_md5, file_sha256
from include.serving.manifest import version_of
from include.step import Out

ROOT = Path(__file__).parents[2]
SERVICE = "include.flights.serving.service:FlightDelays"
ABOUT = "How likely is a flight to arrive late, asked two hours before it is to leave."


# What the features of a flight are read with, beside what include/serving names.
PACKAGES = ("mmh3", "redis", "tzdata")


class Zones(BaseModel):
    """What section ingest_flights of params.yaml says of the clocks of airports."""

    model_config = ConfigDict(frozen=True)

    time_zones: dict[str, str] = Field(description="of the airports that the source's list lacks")


class Params(BaseModel):
    """Section package_bento of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$", description="name of the bento")
    late_from_probability: float = Field(
        gt=0, lt=1, description="probability from which the answer calls a flight late"
    )
    max_rows: int = Field(ge=1, le=100_000, description="most rows of one request")
    max_body_mb: float = Field(gt=0, le=256, description="largest body of one request, MB")


def package_bento(
    chosen: Path,
    models: Path,
    features: Path,
    reference: Path,
    environment: Path,
    bento: Out,
    report: Out,
    ingest_flights: Zones,
    params: Params,
) -> None:
    """Build the bento of the chosen model, and say what is in it."""
    newest, zones = newest_flight(features), clocks(reference, ingest_flights)
    with tempfile.TemporaryDirectory(prefix="bento-") as folder:
        source = Path(folder) / "source"
        lay_out(source, chosen, models, zones)
        manifest = describe(source, params, environment, directory_md5(features))
        (source / "model" / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
        built = bento_file.bento_of(source, Path(folder) / "home", manifest, SERVICE, ABOUT)
        bento_file.pack(built, bento, newest)
    size, digest = bento.stat().st_size, file_sha256(bento)
    whole = {**manifest, "bento": {"bytes": size, "sha256": digest}}
    report.write_text(json.dumps(whole, indent=2) + "\n")
    members = " and ".join(manifest["members"])
    print(
        f"{manifest['name']}:{manifest['version']} with {members}, {size:,} bytes",
        flush=True,
    )


def lay_out(source: Path, chosen: Path, models: Path, zones: dict[str, str]) -> None:
    """Copy code and model to where the service finds them.

    Raises:
        DataError: the chosen model names a member that is unknown or has no weights.
    """
    model = source / "model"
    members = [MEMBERS[name] for name in read_chosen(chosen).members]
    for member in members:
        folder = models / member.name
        for path in (predictor.weights_of(member, folder), folder / "model.json"):
            copy(path, model / member.name / path.name)
    copy(chosen, model / "chosen.json")
    (model / TIME_ZONES).write_text(json.dumps(zones, sort_keys=True, indent=1) + "\n")
    # The code of every member: a server may have to answer with a later model that has others.
    for path in code_of(SERVICE.partition(":")[0], *(one.module for one in MEMBERS.values())):
        copy(path, source / path.relative_to(ROOT))


def describe(source: Path, params: Params, environment: Path, data_md5: str) -> dict[str, Any]:
    """Say what the bento holds, with a version that is a hash of all the rest.

    Raises:
        DataError: the model cannot be loaded, asks for an unknown feature, or a package
            that it needs is not in the environment that serves.
    """
    model = predictor.load(source / "model")
    computing = [one for name in model.members for one in MEMBERS[name].packages]
    files = {str(path.relative_to(source)): path for path in sorted(source.rglob("*.*"))}
    code = [path for path in files.values() if path.suffix == ".py"]
    manifest: dict[str, Any] = {
        "name": params.name,
        "members": model.chosen.members,
        "intercept": model.chosen.intercept,
        "late_from_probability": params.late_from_probability,
        "max_rows": params.max_rows,
        "max_body_bytes": int(params.max_body_mb * 1_000_000),
        "data_md5": data_md5,
        "code_sha256": partitions.content_key(*code, bento_file),
        "requirements": environments.needed(
            environment, [*bento_file.PACKAGES, *PACKAGES, *computing]
        ),
        "computing": sorted({"numpy", "polars", *computing}),
        "features": features_of(model.names),
        # What the model answers to made-up rows: the service compares before it is ready.
        "probe": [round(value, 6) for value in model.answer(model.probe()).tolist()],
        "files": {
            name: {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
            for name, path in files.items()
        },
    }
    return {"name": params.name, "version": version_of(manifest), **manifest}


def features_of(names: tuple[str, ...]) -> list[dict[str, str]]:
    """What each feature of the model means."""
    known = {column.name: column for column in columns.FEATURES}
    unknown = [name for name in names if name not in known]
    if unknown:
        what = f"The model asks for {unknown[0]!r}, which columns.py does not describe."
        raise DataError(what, "train the model again: `dvc repro`.")
    shown = ("name", "view", "kind", "unit", "known", "meaning")
    return [{key: str(getattr(known[name], key)) for key in shown} for name in names]


def clocks(reference: Path, params: Zones) -> dict[str, str]:
    """Airport to time zone, as ingest_flights knew them."""
    airports = pl.read_parquet(reference / "airports.parquet").drop_nulls("tzone")
    return dict(airports.select("faa", "tzone").iter_rows()) | params.time_zones


def newest_flight(features: Path) -> datetime:
    """The latest scheduled departure in the data: the time that stands in the bento.

    Raises:
        DataError: the features hold no flight.
    """
    files = partitions.files(features)
    if files:
        latest = pl.scan_parquet(files[-1]).select(pl.col("sched_dep_utc").max()).collect().item()
        if isinstance(latest, datetime):
            return latest
    raise DataError(f"{features} holds no flight.", "run `dvc repro build_features`.")


def copy(path: Path, target: Path) -> None:
    """Copy the content of a file alone: not its times, nor its mode."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)


if __name__ == "__main__":
    raise SystemExit(step.run(package_bento))
