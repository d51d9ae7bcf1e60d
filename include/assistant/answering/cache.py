"""Calls that were made are kept by content: the same call costs nothing a second time."""

import json
import os
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError


@dataclass(frozen=True)
class Kept:
    """What is kept of a call: of the question and the passages, their hash alone.

    Not what it cost: prices change, and the call stays.
    """

    key: str  # SHA-256 of all that was sent, and to whom
    provider: str
    address: str  # of the endpoint
    model: str  # as the server names it
    seed: int
    prompt: str  # name@sha
    text: str  # the reply
    tool_calls: int  # that it asked for; none is ever made
    tokens_in: int
    tokens_out: int


FORM = TypeAdapter(Kept)
# Of a cache that does not last: days that a call is kept, calls that are, puts between two looks.
DAYS, MOST, EVERY = 30, 10_000, 100


def changed(path: Path) -> float | None:
    """When a file was written; None if it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None


@dataclass(frozen=True)
class Cache:
    """A folder of calls. Processes and threads may share it."""

    folder: Path
    lasting: bool = True  # else the oldest go: those beyond DAYS, and beyond MOST
    used: set[str] = field(default_factory=set, compare=False)  # keys of this run

    def get(self, key: str) -> Kept | None:
        """The call with this key; none if it was not made, or its file is damaged."""
        try:
            kept = FORM.validate_json(self.path(key).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except ValidationError:
            print(f"{self.path(key).name} in the cache of calls is damaged: made anew", flush=True)
            return None
        if kept.key != key or (not self.lasting and self.old(self.path(key))):
            return None
        self.used.add(key)
        return kept

    def put(self, kept: Kept) -> None:
        """Keep a call; another process may do so at the same time."""
        path = self.path(kept.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        work = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            work.write_text(json.dumps(asdict(kept), indent=2, ensure_ascii=False) + "\n")
            work.replace(path)
        finally:
            work.unlink(missing_ok=True)
        self.used.add(kept.key)
        if not self.lasting and len(self.used) % EVERY == 1:
            self.limit()

    def forget_others(self) -> None:
        """Remove all that was neither asked for nor put since this object was made."""
        for path in self.files():
            if path.stem not in self.used:
                path.unlink(missing_ok=True)

    def limit(self) -> None:
        """Remove what is too old, and the oldest of what is too many."""
        made = {path: seconds for path in self.files() if (seconds := changed(path)) is not None}
        newest = sorted(made, key=lambda path: (-made[path], path.name))
        for number, path in enumerate(newest):
            if number >= MOST or self.old(path):
                path.unlink(missing_ok=True)

    def files(self) -> list[Path]:
        """The files of calls, and what is left of one whose process was ended."""
        return [path for path in self.folder.glob("??/*") if path.is_file()]

    def old(self, path: Path) -> bool:
        """Whether a call was made more than DAYS ago; one that is not there was."""
        seconds = changed(path)
        return seconds is None or time.time() - seconds > DAYS * 86400

    def path(self, key: str) -> Path:
        """The file of a call; at most a few thousand in each folder."""
        return self.folder / key[:2] / f"{key}.json"
