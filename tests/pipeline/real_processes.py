"""Looks at real processes, and makes some that can be killed."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


def at_work_in(folder: Path) -> set[int]:
    """The processes whose current folder is in this one; the dead have none."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cwd"):
        try:
            place = Path(os.readlink(path))
        except OSError:
            continue
        if place.is_relative_to(folder.resolve()):
            found.add(int(path.parent.name))
    return found


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not so within {seconds:.0f} s"
        time.sleep(0.05)


def fork(work: Callable[[], object]) -> int:
    """Do some work in a process of its own, and return its id."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return pid


def status_of(pid: int) -> int:
    """The exit status of a fork, when it has ended; of one that was killed, minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill_self(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
