"""What was made of a page: its passages and its counts, in two files that vouch for each other."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl

Counts = Mapping[str, int]


def put(folder: Path, key: str, table: pl.DataFrame, counts: Counts) -> None:
    """Write what was made of a page, with a hash of all of it."""
    path = table_of(folder, key)
    table.write_parquet(path)
    told = {"counts": counts, "sha256": seal(path, counts)}
    counts_file(folder, key).write_text(json.dumps(told, sort_keys=True) + "\n")


def counts_of(folder: Path, key: str) -> dict[str, int]:
    """The counts of a page that is whole."""
    counts: dict[str, int] = json.loads(counts_file(folder, key).read_text())["counts"]
    return counts


def is_whole(folder: Path, key: str) -> bool:
    """Whether both files of a page are there as they were written."""
    try:
        told = json.loads(counts_file(folder, key).read_text())
        return bool(told["sha256"] == seal(table_of(folder, key), told["counts"]))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def table_of(folder: Path, key: str) -> Path:
    """The file with the passages of a page."""
    return folder / f"{key}.parquet"


def counts_file(folder: Path, key: str) -> Path:
    """The file that says what was counted, and what both files hold."""
    return folder / f"{key}.json"


def seal(table: Path, counts: Counts) -> str:
    """A hash of the passages and the counts of a page."""
    told = json.dumps(counts, sort_keys=True).encode()
    return hashlib.sha256(hashlib.sha256(table.read_bytes()).digest() + told).hexdigest()
