"""What a bento says about itself, checked before it serves."""

import hashlib
import importlib.metadata
import json
import logging
from pathlib import Path
from typing import Any

from include.errors import DataError, PipelineError
from include.serving.hashes import file_sha256

MODEL = "src/model"  # within a bento

# Under the name of BentoML, whose handlers write to the log of the server.
log = logging.getLogger("bentoml.serving")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read what packaging wrote about the model, and check every file of it.

    Raises:
        DataError: a file is missing, or is not the one that was packaged.
    """
    fix = "import the bento again, or make it anew with `dvc repro`."
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    except FileNotFoundError:
        what = f"{folder} holds no manifest.json: it is not a packaged model."
        raise DataError(what, fix) from None
    if manifest.get("version") != version_of(manifest):
        raise DataError("manifest.json in the bento is not the one that was packaged.", fix)
    for name, held in manifest["files"].items():
        path = folder.parent / name
        if not path.is_file():
            raise DataError(f"The bento lacks {name} ({held['bytes']:,} bytes).", fix)
        if file_sha256(path) != held["sha256"]:
            raise DataError(f"{name} in the bento is not the file that was packaged.", fix)
    return manifest


def is_whole(bento: Path) -> bool:
    """Whether the model and the code of an unpacked bento are as they were packaged."""
    try:
        read_manifest(bento / MODEL)
    except (DataError, ValueError):
        return False
    return True


def version_of(manifest: dict[str, Any]) -> str:
    """The version of a bento: a hash of all that its manifest says, and so of all its files."""
    content = {key: value for key, value in manifest.items() if key != "version"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def check_packages(manifest: dict[str, Any]) -> None:
    """See that what computes the answers is installed; in another version, only warn.

    The manifest names these packages as `computing`: in another version, answers may be others.

    Raises:
        PipelineError: a package is not installed: each worker would end as soon as it starts.
    """
    for line in manifest["requirements"]:
        name, _, version = line.partition("==")
        if name not in manifest["computing"]:
            continue
        try:
            held = importlib.metadata.version(name).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            what = f"The bento needs {line}, which is not installed."
            fix = "install the bento's env/python/requirements.txt."
            raise PipelineError(what, fix) from None
        if held != version:
            said = "%s %s is installed; the model was packaged with %s"
            log.warning(said, name, held, version)
