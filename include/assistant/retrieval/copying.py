"""Copies of the index in stores that others can read: written row by row as it changes.

The index stays the truth: `recall` says what share of it a store finds. A store is brought up by
comparing the keys of its rows with those of the index, whatever happened to it in between; a row
that was changed under its key is not noticed.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import polars as pl

from include.assistant.retrieval.index import SHOWN, Index
from include.assistant.retrieval.search import best
from include.assistant.retrieval.vectors import Array

KEY, VECTOR = "key", "vector"
COLUMNS = (*SHOWN, KEY)  # beside the vector
AT_ONCE = 10_000  # passages that are written in one order


class Store(Protocol):
    """What both stores can do."""

    def keys(self) -> dict[str, str]:
        """The key of each passage that is held, by its id."""

    def upsert(self, rows: pl.DataFrame, vectors: Array) -> None:
        """Write passages, in place of those that have the same id; COLUMNS and vectors by row."""

    def delete(self, ids: Sequence[str]) -> None:
        """Remove passages."""

    def settle(self, approximate: bool) -> None:
        """Make what was written last; keep an approximate index of the vectors, or none."""

    def search(self, vector: Array, limit: int) -> list[tuple[str, float]]:
        """The ids nearest to a vector of length 1 and their cosines, the nearest first."""

    def count(self) -> int:
        """How many passages are held."""


class Changes(NamedTuple):
    """What bringing a store up has changed, in passages."""

    written: int
    removed: int
    kept: int


def bring_up(store: Store, index: Index, approximate_from: int) -> Changes:
    """Write what is new or changed in the index, and remove what is no longer in it."""
    rows = with_keys(index)
    wanted = dict(zip(rows["id"], rows[KEY], strict=True))
    held = store.keys()
    gone = sorted(held.keys() - wanted.keys())
    changed = np.flatnonzero([held.get(one) != key for one, key in wanted.items()])
    if gone:
        store.delete(gone)
    for start in range(0, len(changed), AT_ONCE):
        part = changed[start : start + AT_ONCE]
        store.upsert(rows[part], np.asarray(index.vectors[part]))
    store.settle(len(rows) >= approximate_from)
    return Changes(len(changed), len(gone), len(rows) - len(changed))


def with_keys(index: Index) -> pl.DataFrame:
    """What is shown of all passages, and a key: the hash of that and of the vector."""
    rows = index.table.select(SHOWN)
    keys = [
        hashlib.sha256(json.dumps(row).encode() + vector.tobytes()).hexdigest()[:32]
        for row, vector in zip(rows.iter_rows(), index.vectors, strict=True)
    ]
    return rows.with_columns(pl.Series(KEY, keys, pl.String))


def recall(store: Store, index: Index, questions: Sequence[Array], limit: int) -> float:
    """The share of the nearest passages that the store finds, over all questions.

    A passage that is as near as the last of the nearest counts as one of them.
    """
    rows = {one: row for row, one in enumerate(index.table["id"])}
    found = wanted = 0
    for vector in questions:
        cosines = index.vectors @ vector
        least = cosines[best(cosines, limit)[-1]] - 1e-6
        wanted += min(limit, len(cosines))
        ids = {one for one, _ in store.search(vector, limit) if one in rows}
        found += sum(bool(cosines[rows[one]] >= least) for one in ids)
    return found / wanted
