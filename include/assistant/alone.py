"""One process at a time writes a folder that stays between runs."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from include.errors import PipelineError

# What file systems say that lock no folder, such as NFS.
LOCKLESS = (errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Make a folder if it is not there, and keep it until the block ends, or the process does.

    Raises:
        PipelineError: another process has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    held = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            what = f"Another process is writing {folder}."
            raise PipelineError(what, "wait until it has ended, then run it again.") from None
        except OSError as error:
            if error.errno not in LOCKLESS:
                raise
        yield
    finally:
        os.close(held)
