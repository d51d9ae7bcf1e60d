"""Log files while others write them, and files that are there as a whole or not at all."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

OPEN, CLOSED = ".jsonl.open", ".jsonl"


def name_of(path: Path) -> str | None:
    """The name of a log file, which it keeps when it is closed; None for any other file."""
    for suffix in (OPEN, CLOSED):
        if path.name.endswith(suffix):
            return path.name.removesuffix(suffix)
    return None


@contextmanager
def opened(logs: Path, name: str) -> Iterator[tuple[BinaryIO | None, bool]]:
    """A log file, and whether it is closed: by its name, or because its writer is gone."""
    for suffix in (OPEN, CLOSED):  # in the order in which it has these names
        try:
            file = (logs / f"{name}{suffix}").open("rb")
        except FileNotFoundError:
            continue
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                yield file, suffix == CLOSED
            else:
                yield file, True
        return
    yield None, False  # removed since


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other process converts into the folder."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def write(path: Path, data: bytes) -> None:
    """Write a file, which is there as a whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}")
    aside.write_bytes(data)
    aside.replace(path)
