"""The log of predictions: what was asked and answered is in a file before the answer leaves.

Each worker has files of its own, so that no two processes write into one. A name says when a file
was begun, by which process, and which of its files it is. `NAME.jsonl.open` may grow as long as its
writer holds a lock on it; `NAME.jsonl` is closed. A writer that is killed loses its lock, and at
most the one line that it has not acknowledged. docs/prediction_log.md says what a line holds.
"""

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic_core import to_json

from include.errors import PlatformError

OPEN = ".open"
FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class NotLogged(PlatformError):
    """A request could not be put on record, and so must not be answered."""


class Journal:
    """Puts lines into files of this process, each whole or not at all.

    Threads may share it; a process that was forked makes one of its own.

    Args:
        folder: of all workers; made if need be, for this user alone.
        most_bytes: size from which on the next line goes into another file.
        most_seconds: age from which on it does.
        sync: wait for the disk at each line. Without it a line outlives the end of the process,
            however it ends, but not the end of the machine.

    Raises:
        NotLogged: files cannot be made there.
    """

    def __init__(
        self,
        folder: Path,
        most_bytes: int = 64_000_000,
        most_seconds: float = 3600,
        sync: bool = False,
    ) -> None:
        self.folder, self.sync = folder, sync
        self.most_bytes, self.most_seconds = most_bytes, most_seconds
        self.lock = threading.Lock()
        self.file: int | None = None
        self.path, self.size, self.began, self.number = folder, 0, 0.0, 0
        self.names: dict[str, bytes] = {}
        self.untold = b""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # It costs nothing later, and finds a full or read-only disk before the first request.
            self.start()
        except OSError as error:
            raise self.refusal(error) from error

    def declare(self, model: str, features: Sequence[str]) -> None:
        """Name the features of a model: each file that holds its answers says them once."""
        with self.lock:
            if model not in self.names:
                told = {"kind": "names", "model": model, "features": list(features)}
                self.names[model] = to_json(told) + b"\n"
                self.untold += self.names[model]

    def append(self, line: bytes, awaited: bool = True) -> None:
        """Put one line, with its end, into the file.

        Args:
            awaited: somebody gets an answer after it. Another line waits for no disk: it would
                hold up those that are.

        Raises:
            NotLogged: it is not in the file, which holds whole lines only; a later one may go in.
        """
        with self.lock:
            try:
                if self.file is None or self.is_full(len(line)):
                    self.finish()
                    self.start()
                self.write(self.untold + line if self.untold else line, awaited)
            except OSError as error:
                raise self.refusal(error) from error
            self.untold = b""

    def close(self) -> None:
        """Mark the file as closed; the next line, if there is one, begins another."""
        with self.lock:
            self.finish()

    def is_full(self, more: int) -> bool:
        """Whether a line goes into another file; one that holds nothing yet takes any line."""
        if not self.size:
            return False
        old = time.monotonic() - self.began > self.most_seconds
        return old or self.size + more > self.most_bytes

    def start(self) -> None:
        """Begin a file, which no other process has had before."""
        while self.file is None:
            self.number += 1
            name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}-{self.number:04}.jsonl"
            self.path = self.folder / name
            try:
                if not self.path.exists():
                    self.file = os.open(f"{self.path}{OPEN}", FLAGS, 0o600)
            except FileExistsError:
                continue  # of a process with the same number, in another container
        # A reader may hold it for a moment, to see whether we are alive.
        fcntl.flock(self.file, fcntl.LOCK_EX)
        self.size, self.began = 0, time.monotonic()
        self.untold = b"".join(self.names.values())

    def write(self, data: bytes, awaited: bool) -> None:
        """Write all of it, or leave the file as it was."""
        assert self.file is not None
        try:
            written = os.write(self.file, data)
            if written < len(data):
                raise OSError(f"only {written:,} of {len(data):,} bytes went into the file")
            if self.sync and awaited:
                os.fdatasync(self.file)
        except OSError:
            self.take_back()
            raise
        self.size += len(data)

    def take_back(self) -> None:
        """Cut what is behind the last whole line; a file that cannot be cut is left as it is."""
        assert self.file is not None
        try:
            os.ftruncate(self.file, self.size)
        except OSError:
            # Its reader leaves a line without an end out, and the next line begins another file.
            os.close(self.file)
            self.file = None

    def finish(self) -> None:
        """Give the file the name of a closed one, or remove it if it holds nothing."""
        if self.file is None:
            return
        held = Path(f"{self.path}{OPEN}")
        # Where somebody removed it, there is no more to be done about it than to begin another.
        with contextlib.suppress(FileNotFoundError):
            held.rename(self.path) if self.size else held.unlink()
        os.close(self.file)
        self.file = None

    def refusal(self, error: OSError) -> NotLogged:
        """What to tell whoever asked, and whoever runs the service."""
        what = f"The request cannot be put on record in {self.folder}: {error.strerror or error}."
        return NotLogged(what, "make space there, or let this user write; then ask again.")


def line(
    request: str,
    at: datetime,
    model: str,
    kind: Literal["entities", "features"],
    body: bytes,
    probabilities: Sequence[float],
    *,
    role: Literal["champion", "challenger"] = "champion",
    features: Sequence[Sequence[float | str | None]] | None = None,
    ages: Mapping[str, Sequence[float | None]] | None = None,
) -> bytes:
    """The line of one answered request.

    Args:
        request: its id, which champion and challenger share.
        at: when it came, with its zone.
        model: name and version.
        kind: what was asked with: entities to look up, or ready-made features.
        body: the JSON that came, valid; `null` in the line of a challenger, for it stands in that
            of the champion.
        features: those that were looked up, one list per row, in the order that was declared.
        ages: view to the age of what it gave, in seconds, one per row; None where it gave nothing.
    """
    about = {"id": request, "at": at, "role": role, "model": model, "kind": kind}
    answer: dict[str, object] = {"probabilities": probabilities}
    if features is not None:
        answer["features"] = features
    if ages is not None:
        answer["ages"] = ages
    # A text of JSON has no raw end of a line in it, so these stand between its tokens.
    plain = body.replace(b"\n", b" ").replace(b"\r", b" ")
    head, tail = to_json(about), to_json(answer, inf_nan_mode="null")
    return b'%b,"request":%b,%b\n' % (head[:-1], plain, tail[1:])


def reply_line(at: datetime, path: str, status: int, seconds: float) -> bytes:
    """The line of a request that was replied to, whether or not there was an answer."""
    told = {"kind": "reply", "at": at, "path": path, "status": status}
    return to_json({**told, "ms": round(seconds * 1000, 3)}) + b"\n"
