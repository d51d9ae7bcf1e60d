"""A DVC process that leads a group of its own, and ends with the task that it works for.

Where DVC has been imported already (the scheduler does so once, before it forks its workers), the
process is a fork, which saves the start of Python and the imports. Elsewhere it is a new Python.
"""

import codecs
import io
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from include.pipeline.child.orders import Order, Terms, as_text
from include.pipeline.environment import python_path, step_environment
from include.pipeline.places.fork import Fork, Process
from include.pipeline.places.registry import module_of
from include.pipeline.site_cache import site_cache

LIVE: set[int] = set()  # groups of this process that work


def end_all() -> None:
    """Let every group end at once; `ask` then says that its process ended before its time.

    May be called by a signal handler: it waits for nothing, and raises nothing.
    """
    for leader in list(LIVE):
        with suppress(ProcessLookupError):
            os.killpg(leader, signal.SIGTERM)


@contextmanager
def group(folder: Path, terms: Terms, order: Order[Any]) -> Iterator[tuple[Process, int]]:
    """A DVC process and all that it starts, which end with this block; and where it writes to."""
    environment = {**step_environment(), "DVC_NO_ANALYTICS": "1", **site_cache(folder)}
    begin = Fork if "dvc.repo" in sys.modules else started
    output, write = os.pipe()
    try:
        process: Process = begin(folder, terms, order, environment, write)
        os.close(write)
        LIVE.add(process.pid)
        try:
            yield process, output
        finally:
            end(process)
            LIVE.discard(process.pid)
    finally:
        os.close(output)


def lines(process: Process, output: int) -> Iterator[str]:
    """What the group writes, line by line, until it is done or its leader has ended.

    A step outlives a leader that was killed, and keeps the pipe open: its end is not waited for.
    """
    decoder = io.IncrementalNewlineDecoder(
        codecs.getincrementaldecoder("utf-8")(errors="replace"), translate=True
    )
    ended, rest = os.pidfd_open(process.pid), ""
    try:
        poll = select.poll()
        poll.register(output, select.POLLIN)
        poll.register(ended, select.POLLIN)
        while output in (ready := [number for number, _ in poll.poll()]):
            chunk = os.read(output, 1 << 16)
            found = (rest + decoder.decode(chunk, final=not chunk)).split("\n")
            rest = found.pop()
            yield from found
            if not chunk or (ended in ready and len(chunk) < 1 << 16):
                break
    finally:
        os.close(ended)
    if rest:
        yield rest


def started(
    folder: Path, terms: Terms, order: Order[Any], environment: dict[str, str], write: int
) -> Process:
    """A new Python; it gives its steps the environment without our path."""
    with tempfile.TemporaryFile("w+") as message:  # by no name, and of any length
        message.write(as_text(terms, order, environment.get("PYTHONPATH", "")))
        message.seek(0)
        return subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                module_of(order),
                "-",
                f"leeway:{order.name}:{terms.parent}",
            ],
            cwd=folder,
            env={**environment, "PYTHONPATH": python_path()},
            stdin=message,
            stdout=write,
            stderr=write,
            start_new_session=True,
        )


def end(process: Process) -> None:
    """End the group: politely, then at once."""
    for number, patience_s in ((signal.SIGINT, 5), (signal.SIGKILL, 3)):
        if process.poll() is not None and not alive(process.pid):
            return
        try:
            os.killpg(process.pid, number)
            process.wait(patience_s)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
    # Who was left behind by the leader dies a moment after the signal.
    until = time.monotonic() + 1
    while alive(process.pid) and time.monotonic() < until:
        time.sleep(0.005)


def alive(group: int) -> bool:
    """Whether a process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
