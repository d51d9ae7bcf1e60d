"""Let DVC's commands be started by a small process, so that their memory is theirs alone."""

import marshal
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass
class Taken:
    """What the commands of a stage took, as far as they have ended."""

    peak_kib: int = 0  # of the largest process


@contextmanager
def spawning() -> Iterator[Taken]:
    """Let the commands that DVC runs in this block be started by a small process.

    It starts while DVC reads the repository. A DVC that runs commands in another way than ours does
    goes on as it is, and nothing is told of its commands.
    """
    from dvc.stage import run

    taken, plain = Taken(), getattr(run, "_run", None)
    if plain is None or not hasattr(run, "_make_cmd"):
        yield taken
        return
    ours, theirs = socket.socketpair()
    source = (pkgutil.get_data(__package__, "small.py") or b"").decode()
    command = [sys.executable, "-I", "-S", "-c", source]
    with ours, subprocess.Popen(command, stdin=theirs.fileno()) as small:
        theirs.close()

        def run_small(executable: str, cmd: str, **about: Any) -> None:
            words = [str(word) for word in run._make_cmd(executable, cmd)]  # no kind of its own
            environment = {str(name): str(value) for name, value in about["env"].items()}
            with ignoring_interrupts():
                status = told(ours, (words, str(about["cwd"]), environment), taken)
            if status:
                raise run.StageCmdFailedError(cmd, status)

        run._run = run_small
        try:
            yield taken
        finally:
            run._run = plain
            ours.shutdown(socket.SHUT_RDWR)  # it ends when nobody asks any more
            small.wait()


def told(
    channel: socket.socket, command: tuple[list[str], str, dict[str, str]], taken: Taken
) -> int:
    """The exit status of a command; that of a kill if the small process has gone with it."""
    try:
        with channel.makefile("rb") as answer:
            channel.sendall(marshal.dumps(command))
            status, peak_kib = marshal.load(answer)
    except (EOFError, OSError):
        status, peak_kib = -signal.SIGKILL, 0
    taken.peak_kib = max(taken.peak_kib, peak_kib)
    return int(status)


@contextmanager
def ignoring_interrupts() -> Iterator[None]:
    """Leave Ctrl-C to the command, as DVC does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, held)
