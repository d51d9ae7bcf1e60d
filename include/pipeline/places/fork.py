"""A copy of this process, with DVC imported, that carries out one order."""

import importlib
import logging
import os
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, Protocol

from include.pipeline.child.orders import Order, Terms
from include.pipeline.places.registry import module_of


class Process(Protocol):
    """What is needed of a process, forked or started."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None:
        """The exit status; None while it works."""

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, when it has ended."""


class Fork:
    """A copy of this process, with DVC imported, that carries out one order."""

    def __init__(
        self,
        folder: Path,
        terms: Terms,
        order: Order[Any],
        environment: dict[str, str],
        write: int,
    ) -> None:
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            become(folder, terms, order, environment, write)

    def poll(self) -> int | None:
        """The exit status; None while it works."""
        return self.waited(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, when it has ended.

        Raises:
            TimeoutExpired: it has not, after `timeout` seconds.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while self.waited(0 if until is None else os.WNOHANG) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired("fork", timeout or 0)
            time.sleep(0.01)
        assert self.returncode is not None
        return self.returncode

    def waited(self, options: int) -> int | None:
        """Ask the kernel, once."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode


def become(
    folder: Path, terms: Terms, order: Order[Any], environment: dict[str, str], write: int
) -> NoReturn:
    """Be the DVC process: nothing of the task's signals, files, logs and environment is left."""
    status = 70
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(write, 1)
        os.dup2(write, 2)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        # Kept: a stream that nobody holds is closed, and with it the number that is ours now.
        held = sys.stdin, sys.stdout, sys.stderr
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(number, mode, buffering=1, closefd=False)
            for number, mode in enumerate(("r", "w", "w"))
        )
        for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2):
            signal.signal(number, signal.SIG_DFL)
        forget_logs()
        name_process(f"leeway:{order.name}:{terms.parent}")
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        status = importlib.import_module(module_of(order)).work(terms, order)
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        del held
        os._exit(status)


def name_process(name: str) -> None:
    """Be known by a name of our own: DVC writes it into its locks, where dvc_locks.py reads it."""
    from setproctitle import setproctitle

    sys.argv = [name]
    setproctitle(name)


def forget_logs() -> None:
    """Take off the handlers that would write into the log of the task that we were."""
    from dvc.logger import setup

    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    for logger in (logging.root, *loggers):
        logger.handlers.clear()
    logging.root.setLevel(logging.WARNING)
    logging.captureWarnings(False)
    setup()
