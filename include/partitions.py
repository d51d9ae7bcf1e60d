"""A folder of monthly files that a run extends instead of rebuilding.

`update` makes a month only when its key is new; several folders that grow together are brought up
month by month with `stale` and `make`. The key is a hash of all that the month is
made from (input files, parameters, code), so a kept month is the same, byte for byte, as one made
from nothing: a folder that grew month by month equals one that was built at once.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import polars as pl

from include import step

KEYS = "_keys.json"
remove = step.remove


def update(folder: Path, keys: Mapping[str, str], build: Callable[[str, Path], None]) -> list[str]:
    """Bring `folder` to exactly the months in `keys`.

    Args:
        folder: holds one file or folder a month, whose name without its suffix is the month.
        keys: month, as 2013-01, to the hash of everything that the month is made from.
        build: makes one month, and writes it into the empty folder that it is given.

    Returns:
        The months that were made. Others were kept; months not in `keys` are removed.
    """
    made = stale(folder, keys)
    for month in made:
        make(folder, month, keys[month], build)
    return made


def stale(folder: Path, keys: Mapping[str, str]) -> list[str]:
    """The months in `keys` that are to be made, in order; months not in `keys` are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    held = read_keys(folder)
    entries = [path for path in folder.iterdir() if path.name != KEYS]
    for path in entries:
        if month_of(path) not in keys:
            remove(path)
    present = {month_of(path) for path in entries}
    kept = {month: key for month, key in held.items() if month in keys and month in present}
    if kept != held:
        write_keys(folder, kept)
    return [month for month in sorted(keys) if kept.get(month) != keys[month]]


def make(folder: Path, month: str, key: str, build: Callable[[str, Path], None]) -> None:
    """Make one month, and keep its key once it is in place."""
    put(folder, month, build)
    write_keys(folder, {**read_keys(folder), month: key})


def put(folder: Path, month: str, build: Callable[[str, Path], None]) -> None:
    """Build a month aside, then let it take the place of what is there."""
    work = folder.with_name(f".{folder.name}.{month}.{os.getpid()}")
    remove(work)
    work.mkdir()
    try:
        build(month, work)
        # Killed between here and its new key, the month is made again whatever key is asked for.
        held = read_keys(folder)
        if held.pop(month, None) is not None:
            write_keys(folder, held)
        for old in [path for path in folder.iterdir() if month_of(path) == month]:
            remove(old)
        for new in sorted(work.iterdir()):
            new.replace(folder / new.name)
    finally:
        remove(work)


def content_key(*parts: object) -> str:
    """A hash of files (by content), modules (by source) and anything else (by its text).

    The version of polars is part of each key: another version may write other bytes.
    """
    digest = hashlib.sha256(pl.__version__.encode())
    for part in parts:
        if isinstance(part, ModuleType):
            part = Path(str(part.__file__))
        data = part.read_bytes() if isinstance(part, Path) else str(part).encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def files(folder: Path) -> list[Path]:
    """The monthly Parquet files of a folder, earliest first."""
    return sorted(folder.glob("*.parquet"))


def scan(folder: Path) -> pl.LazyFrame:
    """All months of a folder as one lazy table."""
    return pl.scan_parquet(files(folder))


def month_of(path: Path) -> str:
    """The month that a file holds: its name up to the first dot."""
    return path.name.split(".")[0]


def read_keys(folder: Path) -> dict[str, str]:
    """The keys of the months in the folder; none if it is new or the file is damaged."""
    try:
        keys = json.loads((folder / KEYS).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return keys if isinstance(keys, dict) else {}


def write_keys(folder: Path, keys: Mapping[str, str]) -> None:
    """Write the keys in one step. The old file is replaced: it may be a link into the cache."""
    work = folder.with_name(f".{folder.name}.keys.{os.getpid()}")
    try:
        work.write_text(json.dumps(dict(sorted(keys.items())), indent=2) + "\n")
        work.replace(folder / KEYS)
    finally:
        work.unlink(missing_ok=True)
