"""A DVC process that leads a group of its own, and ends with the task that it works for.

Where DVC has been imported already (the scheduler does so once, before it forks its workers), the
process is a fork, which saves the start of Python and the imports. Elsewhere it is a new Python.
"""

import codecs
import importlib
import io
import json
import logging
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn, Protocol

from include.errors import PipelineError
from include.pipeline.site_cache import site_cache

ROOT = Path(__file__).parents[2]
# A step has no business with keys and connections of Airflow, nor with a worker's login to git.
SECRET = ("AIRFLOW__", "AIRFLOW_CONN_", "AIRFLOW_VAR_", "_AIRFLOW", "GIT_CONFIG_")


class Process(Protocol):
    """What is needed of a process, forked or started."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None:
        """The exit status; None while it works."""

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, when it has ended."""


def talk(folder: Path, task: dict[str, Any], tail: deque[str]) -> Iterator[str]:
    """Give the lines of a DVC process as they come; `tail` keeps the last, then the result.

    Raises:
        PipelineError: the process ended without a result.
    """
    own = folder / ".dvc" / "tmp"
    for path in own.iterdir():
        if path.is_symlink():  # of a step's: DVC has none here, and would write where it leads
            path.unlink(missing_ok=True)
    # In the workspace, which a container sees as well.
    with tempfile.TemporaryDirectory(dir=own) as work:
        result = Path(work) / "result"
        words = {**task, "parent": os.getpid(), "result": str(result)}
        with group(folder, words) as (process, output):
            for line in lines(process, output):
                tail.append(line)
                yield line
            process.wait()
        if not result.exists():
            last = "\n".join(list(tail)[-3:]) or "it said nothing"
            what = f"The DVC process ended with {process.returncode} before its time: {last}"
            raise PipelineError(what, "clear the task to try again; what was done is kept.")
        tail.append(result.read_text())


LIVE: set[int] = set()  # groups of this process that work


def end_all() -> None:
    """Let every group end at once; `talk` then says that its process ended before its time.

    May be called by a signal handler: it waits for nothing, and raises nothing.
    """
    for leader in list(LIVE):
        with suppress(ProcessLookupError):
            os.killpg(leader, signal.SIGTERM)


@contextmanager
def group(folder: Path, words: dict[str, Any]) -> Iterator[tuple[Process, int]]:
    """A DVC process and all that it starts, which end with this block; and where it writes to."""
    environment = {**step_environment(), "DVC_NO_ANALYTICS": "1", **site_cache(folder)}
    begin = Fork if "dvc.repo" in sys.modules else started
    output, write = os.pipe()
    try:
        process: Process = begin(folder, words, environment, write)
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


def step_environment() -> dict[str, str]:
    """The environment of a step: that of this process, but for what is Airflow's or Leeway's."""
    found = {name: value for name, value in os.environ.items() if not name.startswith(SECRET)}
    paths = [path for path in found.pop("PYTHONPATH", "").split(os.pathsep) if path]
    kept = [path for path in paths if Path(path).resolve() != ROOT]
    return {**found, "PYTHONPATH": os.pathsep.join(kept)} if kept else found


def python_path() -> str:
    """Where a new Python finds this package, whatever the folder it is started in."""
    return os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])


def started(
    folder: Path, words: dict[str, Any], environment: dict[str, str], write: int
) -> Process:
    """A new Python; it gives its steps the environment without our path."""
    words = {**words, "python_path": environment.get("PYTHONPATH")}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module_of(words), json.dumps(words)],
        cwd=folder,
        env={**environment, "PYTHONPATH": python_path()},
        stdin=subprocess.DEVNULL,
        stdout=write,
        stderr=write,
        start_new_session=True,
    )


def module_of(words: dict[str, Any]) -> str:
    """Who does the task: DVC in this process, or in a container that it makes."""
    if words.get("where"):
        return f"{__package__}.elsewhere"
    return f"{__package__}.{'child' if words['do'] == 'reproduce' else 'judge'}"


class Fork:
    """A copy of this process, with DVC imported, that does one task."""

    def __init__(
        self, folder: Path, words: dict[str, Any], environment: dict[str, str], write: int
    ) -> None:
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            become(folder, words, environment, write)

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
    folder: Path, words: dict[str, Any], environment: dict[str, str], write: int
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
        name_process(f"leeway {words.get('stage', words['do'])}")
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        status = importlib.import_module(module_of(words)).work(words)
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        del held
        os._exit(status)


def name_process(name: str) -> None:
    """Be known by a name of our own: DVC writes it into its locks, and child.works looks it up."""
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
