"""Stage fetch_champion: the model that is to be compared with, or to score, as a pinned version.

A version is always the same bytes: those of the hash that the lockfile of its commit has. Without
one there is no champion, and what reads it goes without.
"""

import json
import shutil
import tempfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from include import step
from include.errors import DataError, ParamsError
from include.pipeline.registry.pinned import NONE, Pin, bytes_of, pinned
from include.serving import bento_file
from include.serving.manifest import MODEL, read_manifest
from include.step import Out

VERSION = rf"^({NONE}|v\d+\.\d+\.\d+)$"
HASH = rf"^({NONE}|[0-9a-f]{{%d}})$"


class Champion(BaseModel):
    """Section champion of params.yaml: the version that is live for the run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(pattern=VERSION, description="of the registry, such as v0.0.3, or none")
    commit: str = Field(pattern=HASH % 40, description="of that version; none: looked up")
    md5: str = Field(pattern=HASH % 32, description="of its bento; none: looked up")


class Params(BaseModel):
    """Section fetch_champion of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    artifact: str = Field(description="that has the versions, under artifacts in dvc.yaml")


def fetch_champion(folder: Out, champion: Champion, params: Params) -> None:
    """Write champion.json, and beside it the model of that version, if there is one.

    Raises:
        ParamsError: a commit or a hash is given, but no version.
        PipelineError: there is no such version, or nobody has its bytes.
        DataError: what the version holds is no whole bento.
    """
    folder.mkdir(parents=True)
    wanted = Pin(champion.version, champion.commit, champion.md5)
    if wanted == Pin():
        write(folder, {"version": None})
        print("no champion: champion.version is none", flush=True)
        return
    if wanted.version == NONE:
        what = "params.yaml sets champion.commit or champion.md5, and champion.version to none."
        raise ParamsError(what, "set all three to none, or champion.version to a version.")
    pin = pinned(Path(), params.artifact, wanted)
    bento = bytes_of(Path(), pin.md5)
    take_model(bento, folder, f"{params.artifact} {pin.version}")
    size = bento.stat().st_size
    write(folder, {**vars(pin), "bytes": size})
    print(f"{params.artifact} {pin.version}, commit {pin.commit[:10]}, {size:,} bytes", flush=True)


def write(folder: Path, about: dict[str, object]) -> None:
    """Say which version the folder holds."""
    (folder / "champion.json").write_text(json.dumps(about, indent=2) + "\n")


def take_model(bento: Path, folder: Path, name: str) -> None:
    """Unpack a bento, see that each file is the one that was packaged, and take its model.

    Raises:
        DataError: a file is none, or is another one.
    """
    with tempfile.TemporaryDirectory(prefix="champion-") as work:
        try:
            bento_file.unpack(bento, Path(work))
        except bento_file.UNREADABLE as error:
            what = f"{name} ({bento.name}) is no bento: {error}."
            raise DataError(what, "name another version in champion.version.") from None
        model = Path(work) / MODEL
        read_manifest(model)
        # The content alone: neither times nor modes.
        shutil.copytree(model, folder, copy_function=shutil.copyfile, dirs_exist_ok=True)


if __name__ == "__main__":
    raise SystemExit(step.run(fetch_champion))
