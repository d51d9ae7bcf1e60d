"""DVC's locks: of other containers kept apart, of the dead forgotten, of the living waited for."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .orders import Answer, Order, Terms


def patiently(terms: Terms, work: Callable[[], Answer]) -> Answer:
    """Do the work; while another process holds a lock, wait and try again.

    Raises:
        LockError, ReproductionError: the lock was still held after `lock_wait_s`.
    """
    from dvc.exceptions import ReproductionError
    from dvc.lock import LockError

    until, pause_s = time.monotonic() + terms.lock_wait_s, 0.05
    while True:
        try:
            return work()
        except (LockError, ReproductionError):
            forget_dead()
            if time.monotonic() > until:
                raise
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 2)


def forget_dead() -> None:
    """Take locks of processes that ended out of DVC's list of readers and writers.

    DVC asks only whether a process of that number exists, and so waits for ever for one that
    nobody has reaped, as happens in containers, or for a stranger that got the number later.
    """
    from dvc.repo import Repo
    from dvc.rwlock import _edit_rwlock

    with Repo(".") as repo, _edit_rwlock(repo.tmp_dir, repo.fs, False) as held:
        for path, readers in list(held["read"].items()):
            held["read"][path] = [reader for reader in readers if works(reader)]
            if not held["read"][path]:
                del held["read"][path]
        for path, writer in list(held["write"].items()):
            if not works(writer):
                del held["write"][path]


def works(holder: dict[str, Any]) -> bool:
    """Whether the process that holds a lock is there, and is the one that took it."""
    try:
        state = Path(f"/proc/{holder['pid']}/stat").read_text().rpartition(")")[2].split()[0]
        words = Path(f"/proc/{holder['pid']}/cmdline").read_bytes().split(b"\0")
    except (OSError, KeyError):
        return False
    command = str(holder.get("cmd", ""))
    return state != "Z" and any(len(word) > 3 and word.decode() in command for word in words)


def keep_locks_apart(terms: Terms, order: Order[Any]) -> None:
    """Keep DVC's locks of paths apart from those of other containers, be they workers or stages.

    They name processes by numbers that mean something else in each container: DVC would take the
    living for dead. Stages that may not run at once are kept apart by Airflow.
    """
    from dvc import rwlock

    if not terms.workspace:
        return  # others use this folder, by DVC's own names
    name = locks_of(None if terms.parent else order.name)
    rwlock.RWLOCK_FILE, rwlock.RWLOCK_LOCK = name, f"{name}.lock"
    if not terms.parent:
        # What an earlier try left: its container is gone, whatever has its number now.
        Path(".dvc/tmp", name).unlink(missing_ok=True)


def locks_of(stage: str | None) -> str:
    """The file of the locks of a stage in a container, or of all who see each other's processes."""
    if stage is None:
        return f"rwlock-{os.stat('/proc/self/ns/pid').st_ino}"
    return "rwlock-" + "".join(c if c.isalnum() else "-" for c in stage)
