"""The vectors of pages: one file a page, named by what is in it and by the encoder that read it.

A page that did not change keeps its file, two pages that say the same share one, and of a page that
changed only the passages are embedded that no other file has: a vector depends on nothing else.
"""

import hashlib
import json
import os
from collections.abc import Sequence, Set
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

    encoder: str = Field(description="SHA-256 of the encoder's files: encoder_files.identity")
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
    return tuple(hashlib.sha256(f"{encoder}\n{text}".encode()).hexdigest()[:32] for text in texts)


def file_of(keys: Sequence[str]) -> str:
    """The name of the file with the vectors of these passages."""
    return f"{hashlib.sha256(chr(10).join(keys).encode()).hexdigest()[:32]}.npy"


def put(array: Array, path: Path) -> None:
    """Write an array in one step."""
    work = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with work.open("wb") as file:
            np.save(file, array)
        work.replace(path)
    finally:
        work.unlink(missing_ok=True)


def write_held(folder: Path, held: Held) -> None:
    """Say what a folder holds, in one step. The old file may be a link into the cache."""
    work = folder / f".{HELD}.{os.getpid()}"
    try:
        work.write_text(json.dumps(held.model_dump(), indent=1) + "\n")
        work.replace(folder / HELD)
    finally:
        work.unlink(missing_ok=True)


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


def known(folder: Path, wanted: Set[str]) -> dict[str, Array]:
    """The vectors of passages, by key, that a folder has already."""
    try:
        held = read_held(folder)
    except DataError:
        return {}
    found: dict[str, Array] = {}
    for name, keys in held.files.items():
        if wanted.isdisjoint(keys):
            continue
        try:
            found.update(zip(keys, np.load(folder / name), strict=True))
        except (OSError, ValueError):  # not there, or damaged: made anew
            continue
    return found


def gather(passages: pl.DataFrame, folder: Path) -> Array:
    """The vectors of a table of passages, one a row.

    Raises:
        DataError: a page has no file, or one of another length.
    """
    encoder = read_held(folder).encoder
    parts: list[Array] = []
    rows: list[int] = []
    for page in pages_of(passages):
        path = folder / file_of(keys_of(page.texts, encoder))
        try:
            part = np.load(path)
        except (OSError, ValueError) as error:
            what = f"The vectors of {page.name}, {path}, cannot be read: {error}."
            raise DataError(what, REMAKE) from None
        if len(part) != len(page.rows):
            what = f"{path} has {len(part)} vectors; {page.name} has {len(page.rows)} passages."
            raise DataError(what, f"remove it, then {REMAKE}")
        parts.append(part)
        rows.extend(page.rows)
    if not parts:
        raise DataError(f"There are no passages whose vectors {folder} could hold.", REMAKE)
    vectors = np.empty((len(rows), parts[0].shape[1]), dtype=np.float32)
    vectors[rows] = np.concatenate(parts)
    return vectors
