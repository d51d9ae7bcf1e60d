"""The vectors of pages: one file a page, named by what is in it and by the encoder that read it.

A page that did not change keeps its file, and two pages that say the same share one.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from include.assistant.passages import embedded
from include.errors import DataError

ENCODER = "encoder.json"
REMAKE = "run `dvc repro`, which makes it again."
Array = NDArray[np.float32]


class Page(NamedTuple):
    """A page, and what the encoder sees of it."""

    name: str  # source and path
    rows: tuple[int, ...]  # of its passages in the table
    texts: tuple[str, ...]  # one a passage


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


def file_of(texts: Sequence[str], encoder: str) -> str:
    """The name of the file for these passages, as an encoder of that identity reads them."""
    digest = hashlib.sha256(encoder.encode())
    for text in texts:
        data = text.encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return f"{digest.hexdigest()[:32]}.npy"


def put(array: Array, path: Path) -> None:
    """Write an array in one step."""
    work = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with work.open("wb") as file:
            np.save(file, array)
        work.replace(path)
    finally:
        work.unlink(missing_ok=True)


def write_encoder(folder: Path, encoder: str) -> None:
    """Say whose vectors a folder holds."""
    (folder / ENCODER).unlink(missing_ok=True)  # it may be a link into the cache
    (folder / ENCODER).write_text(json.dumps({"sha256": encoder}, indent=2) + "\n")


def read_encoder(folder: Path) -> str:
    """Whose vectors a folder holds.

    Raises:
        DataError: it does not say so.
    """
    try:
        return str(json.loads((folder / ENCODER).read_text())["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        what = f"{folder / ENCODER} does not say which encoder made the vectors beside it."
        raise DataError(what, REMAKE) from None


def gather(passages: pl.DataFrame, folder: Path) -> Array:
    """The vectors of a table of passages, one a row.

    Raises:
        DataError: a page has no file, or one of another length.
    """
    encoder = read_encoder(folder)
    parts: list[Array] = []
    rows: list[int] = []
    for page in pages_of(passages):
        path = folder / file_of(page.texts, encoder)
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
