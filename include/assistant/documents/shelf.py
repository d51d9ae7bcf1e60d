"""The folder of fetched pages: a folder a source, and sources.json, which says what they are."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from include import step
from include.errors import DataError, at_most_ten

SOURCES = "sources.json"
Files = Mapping[str, bytes]  # path below the root of the source, to its bytes


class Held(BaseModel):
    """A source that was fetched."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    kind: str
    package: str  # empty for what is no package
    version: str
    licence: str
    url: str
    key: str  # of all that says which pages it has
    files: dict[str, str]  # path to SHA-256


def read_held(docs: Path) -> dict[str, Held]:
    """What sources.json says; nothing if it is not there or is not ours."""
    try:
        told = json.loads((docs / SOURCES).read_text())
        return {name: Held.model_validate(source) for name, source in told.items()}
    except (FileNotFoundError, ValueError, AttributeError, ValidationError):
        return {}


def sources_of(docs: Path) -> dict[str, Held]:
    """The sources in a folder that fetch_docs made.

    Raises:
        DataError: the folder has no sources.json that can be read, lacks a page of it, or has one
            that was changed since it was fetched.
    """
    held = read_held(docs)
    if not held:
        what = f"{docs / SOURCES} does not exist, or names no source."
        raise DataError(what, "run `dvc repro`, which makes it.")
    pages = {
        docs / name / path: sha256
        for name, source in held.items()
        for path, sha256 in source.files.items()
    }
    missing = [page for page in pages if not page.is_file()]
    if missing:
        what = f"{docs} lacks pages that its {SOURCES} names: {at_most_ten(missing)}."
        raise DataError(what, "run `dvc repro`, which fetches them.")
    other = [page for page, sha256 in pages.items() if digest(page.read_bytes()) != sha256]
    if other:
        raise DataError(
            f"{docs} has pages that were changed since they were fetched: {at_most_ten(other)}.",
            "run `dvc repro`, which fetches them again; a page is changed in its source.",
        )
    return held


def is_whole(docs: Path, name: str, held: Held) -> bool:
    """Whether the pages of a source are there as they were fetched, and nothing else."""
    folder = docs / name
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return there == set(held.files) and all(
        digest((folder / path).read_bytes()) == sha256 for path, sha256 in held.files.items()
    )


def put(docs: Path, name: str, files: Files) -> list[str]:
    """Bring the folder of a source to exactly these pages; return those that changed."""
    folder = docs / name
    changed = []
    for path, data in files.items():
        target = folder / path
        if target.is_file() and not target.is_symlink() and target.read_bytes() == data:
            continue
        changed.append(path)
        write(docs, target, data)
    kept = {folder / path for path in files}
    remove_others(folder, kept)
    return changed


def write(docs: Path, target: Path, data: bytes) -> None:
    """Write a page in one step; what stood in its way is removed."""
    work = docs.with_name(f".{docs.name}.{os.getpid()}")
    for parent in target.parents:
        if parent == docs:
            break
        if parent.is_symlink() or parent.is_file():
            step.remove(parent)
    if target.is_dir():
        step.remove(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        work.write_bytes(data)
        work.replace(target)
    finally:
        work.unlink(missing_ok=True)


def remove_others(folder: Path, kept: set[Path]) -> None:
    """Remove what is below a folder and not kept, and folders that are empty then."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in kept:
            path.unlink()


def put_sources(docs: Path, held: Mapping[str, Held]) -> None:
    """Write sources.json, and remove the folders of other sources."""
    for path in docs.iterdir():
        if path.name not in (*held, SOURCES):
            step.remove(path)
    told = {name: source.model_dump() for name, source in sorted(held.items())}
    write(docs, docs / SOURCES, (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode())


def digest(data: bytes) -> str:
    """The SHA-256 in hex digits."""
    return hashlib.sha256(data).hexdigest()
