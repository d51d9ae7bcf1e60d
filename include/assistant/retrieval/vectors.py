"""The vectors of pages: one file a page, named by the encoder, by what it read, and by the bytes.

A page that did not change keeps its file, two pages that say the same share one, and of a page that
changed only the passages are embedded that no other file has: a vector depends on nothing else. A
file whose bytes are not those of its name counts as none.
"""

import hashlib
import io
import json
import os
from collections.abc import Collection, Sequence, Set
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.assistant.passages import embedded
from include.errors import DataError

HELD = "held.json"
REMAKE = "run `dvc repro`, which makes it again."
Array = NDArray[np.float32]


class Page(NamedTuple):
    """A page, and what the encoder sees of it."""

    name: str  # source and path
    rows: tuple[int, ...]  # of its passages in the table
    texts: tuple[str, ...]  # one a passage


class Held(BaseModel):
    """The file held.json: whose vectors a folder has, and of which passages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoder: str = Field(description="what made the vectors: encoder_files.identity")
    files: dict[str, tuple[str, ...]] = Field(description="keys of passages, by name of file")


def pages_of(passages: pl.DataFrame) -> list[Page]:
    """The pages of a table of passages, in order of their first."""
    grouped = (
        passages.with_row_index("row")
        .group_by("source", "page", maintain_order=True)
        .agg("row", "titles", "text")
    )
    return [
        Page(f"{source}/{page}", tuple(rows), tuple(map(embedded, titles, texts)))
        for source, page, rows, titles, texts in grouped.iter_rows()
    ]


def keys_of(texts: Sequence[str], encoder: str) -> tuple[str, ...]:
    """What names each passage as an encoder of that identity reads it."""
    return tuple(digest(f"{encoder}\n{text}".encode()) for text in texts)


def stem_of(keys: Sequence[str]) -> str:
    """What the name of the file with the vectors of these passages begins with."""
    return digest("\n".join(keys).encode())


def digest(data: bytes) -> str:
    """32 hex digits of a hash."""
    return hashlib.sha256(data).hexdigest()[:32]


def put(array: Array, folder: Path, stem: str) -> Path:
    """Write an array; return its file."""
    held = io.BytesIO()
    np.save(held, array)
    return write(held.getvalue(), folder / f"{stem}-{digest(held.getvalue())}.npy")


def write_held(folder: Path, held: Held) -> None:
    """Say what a folder holds."""
    write((json.dumps(held.model_dump(), indent=1) + "\n").encode(), folder / HELD)


def write(data: bytes, path: Path) -> Path:
    """Write a file in one step. The old one may be a link into the cache."""
    work = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        work.write_bytes(data)
        return work.replace(path)
    finally:
        work.unlink(missing_ok=True)


def whole(folder: Path) -> dict[str, Path]:
    """The files of a folder that have the bytes of their name, by what it begins with."""
    found = {}
    for path in sorted(folder.glob("*-*.npy")):
        stem, _, written = path.stem.partition("-")
        if digest(path.read_bytes()) == written:
            found[stem] = path
    return found


def read_held(folder: Path) -> Held:
    """What a folder holds.

    Raises:
        DataError: it does not say so.
    """
    try:
        return Held.model_validate_json((folder / HELD).read_text())
    except (OSError, ValidationError):
        what = f"{folder / HELD} does not say which encoder made the vectors beside it."
        raise DataError(what, REMAKE) from None


def known(folder: Path, kept: Collection[Path], wanted: Set[str]) -> dict[str, Array]:
    """The vectors of passages, by key, that files of a folder have."""
    try:
        held = read_held(folder)
    except DataError:
        return {}
    found: dict[str, Array] = {}
    for path in kept:
        keys = held.files.get(path.name, ())
        if not wanted.isdisjoint(keys):
            found.update(zip(keys, np.load(path), strict=True))
    return found


def gather(passages: pl.DataFrame, folder: Path) -> Array:
    """The vectors of a table of passages, one a row.

    Raises:
        DataError: a page has no file, or one that was changed since it was written.
    """
    encoder, kept = read_held(folder).encoder, whole(folder)
    parts: list[Array] = []
    rows: list[int] = []
    for page in pages_of(passages):
        stem = stem_of(keys_of(page.texts, encoder))
        if stem not in kept:
            what = f"{folder} has no vectors of {page.name} as they were made, in {stem}-*.npy."
            raise DataError(what, REMAKE)
        parts.append(np.load(kept[stem]))
        rows.extend(page.rows)
    if not parts:
        raise DataError(f"There are no passages whose vectors {folder} could hold.", REMAKE)
    vectors = np.empty((len(rows), parts[0].shape[1]), dtype=np.float32)
    vectors[rows] = np.concatenate(parts)
    return vectors
