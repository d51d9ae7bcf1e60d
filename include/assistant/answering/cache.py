"""Calls that were made are kept by content: the same call costs nothing a second time.

A folder that fails costs nobody an answer: it is said, and the call is made, or not kept.
"""

import hashlib
import json
import os
import tempfile
import threading
import time
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True)
class Whole(Kept):
    """A call as its file has it."""

    sha256: str = ""  # of all the rest: a file that lost a part of it is not used


FORM = TypeAdapter(Whole)
# Of a cache that does not last: days that a call is kept, calls that are, puts between two looks.
DAYS, MOST, EVERY = 30, 10_000, 100


def say(what: str) -> None:
    """Say what a folder of calls did not do."""
    print(f"In the cache of calls, {what}", flush=True)


def content(kept: Kept) -> dict[str, Any]:
    """What is kept of a call, by its name."""
    return {each.name: getattr(kept, each.name) for each in fields(Kept)}


def sha256(kept: Kept) -> str:
    """The hash of what is kept of a call."""
    return hashlib.sha256(json.dumps(content(kept), sort_keys=True).encode()).hexdigest()


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
        path = self.path(key)
        try:
            whole = FORM.validate_json(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            say(f"{path.name} cannot be read, and is made anew: {error.strerror}")
            return None
        except ValidationError:
            whole = None
        if whole is None or whole.sha256 != sha256(whole):
            say(f"{path.name} is damaged: made anew")
            return None
        if whole.key != key or (not self.lasting and self.old(path)):
            return None
        self.used.add(key)
        return Kept(**content(whole))

    def put(self, kept: Kept) -> None:
        """Keep a call; another process may do so at the same time."""
        path = self.path(kept.key)
        work = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        whole = {**content(kept), "sha256": sha256(kept)}
        try:
            self.make(path.parent)
            try:
                work.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
                work.replace(path)
            finally:
                work.unlink(missing_ok=True)
            self.used.add(kept.key)
            if not self.lasting and len(self.used) % EVERY == 1:
                self.limit()
        except OSError as error:
            say(f"a call is not kept, and will be paid again: {error}")

    def make(self, folder: Path) -> None:
        """Make a folder; what a service was told is read by nobody else."""
        for one in (self.folder, folder):
            one.mkdir(mode=0o755 if self.lasting else 0o700, parents=True, exist_ok=True)

    def check(self) -> None:
        """See that calls can be kept.

        Raises:
            OSError: they cannot, so that each would be paid again.
        """
        self.make(self.folder)
        with tempfile.TemporaryFile(dir=self.folder):
            pass

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
