"""A small process that starts commands, and tells how much memory each took.

Linux counts the memory of the process that forked to the one that was forked, over its exec: a
command that a process of 1 GB starts seems to have taken 1 GB. What this process forks begins with
the few megabytes that it has itself. It is started without site-packages, and imports next to
nothing, so that it is there in some milliseconds.
"""

# Both `signal`, which makes enums of this one, and `typing` would take as long as all else.
import _signal as signal  # type: ignore[import-not-found]
import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

FRESH = (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ)  # that Python does not leave as they are


def serve(channel: int) -> "NoReturn":
    """Start what is asked for, one command after the other, until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the command, which gets it as well
    with open(channel, "rb") as asked, open(channel, "wb", buffering=0, closefd=False) as answer:
        while True:
            try:
                words, folder, environment = marshal.load(asked)
            except EOFError:
                os._exit(0)  # sooner than Python would
            process = os.fork()
            if process == 0:
                become(words, folder, environment)
            _, status, taken = os.wait4(process, 0)
            code = os.waitstatus_to_exitcode(status)
            marshal.dump((code, taken.ru_maxrss), answer)


def become(words: list[str], folder: str, environment: dict[str, str]) -> "NoReturn":
    """Be the command, as `subprocess` would have started it."""
    try:
        for number in FRESH:
            signal.signal(number, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.chdir(folder)
        os.execvpe(words[0], words, environment)
    except OSError as error:
        sys.stderr.write(f"{words[0]}: {error.strerror}\n")
    finally:
        os._exit(127)


if __name__ == "__main__":
    serve(0)
