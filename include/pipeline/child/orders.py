"""What a DVC process is told to do, and what it answers: values, which travel as JSON."""

import json
import os
import stat
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from . import files

Answer = TypeVar("Answer")
MOST = 256 * 1024 * 1024  # bytes of an answer
Entry = dict[str, Any]  # what a lockfile says of a stage; empty if nothing


@dataclass(frozen=True)
class Made:
    """What a stage was made from, and what the lockfile said of it before and after."""

    read: dict[str, str]  # the stages whose outs it reads, and a hash of what each had made
    start: Entry
    entry: Entry


@dataclass(frozen=True)
class Usage:
    """What a stage took of the machine: DVC, and its command with all that it waited for."""

    cpu_s: float
    peak_gb: float  # of the command's largest process, in 10^9 bytes; 0 if it was not run
    gpu_s: float = 0.0


@dataclass(frozen=True)
class Reproduced:
    """How a stage ended."""

    status: int = 0  # of its command
    problem: str = ""  # in DVC's words, if it failed
    made: Made | None = None
    usage: Usage | None = None


class Order(Generic[Answer]):
    """One thing that a DVC process is to do; each kind says what is answered."""

    @property
    def name(self) -> str:
        """What the process is called."""
        return type(self).__name__.lower()


@dataclass(frozen=True)
class Reproduce(Order[Reproduced]):
    """Bring one stage up to date."""

    stage: str
    remote: bool  # whether data goes by a remote, since workers share no disk
    fetch: bool  # whether what the cache lacks may come from a remote
    recall: str  # the file of what earlier runs made of this stage; see recalling.py
    opened: dict[str, Any] | None  # what dvc.yaml said of it as the run began; None if all steps
    begin: Entry | None  # run as the worker itself. And the lockfile, for the first try

    @property
    def name(self) -> str:
        """What the process is called."""
        return self.stage


@dataclass(frozen=True)
class Refusal:
    """Why an order is not carried out, and what to do about it."""

    what: str
    fix: str
    again: str = ""  # the stage that can mend it


class Refused(Exception):
    """An order cannot be carried out."""

    def __init__(self, what: str, fix: str, again: str = "") -> None:
        self.refusal = Refusal(what, fix, again)
        super().__init__(what)


class Changed(Refused):
    """A step changed what says how stages run, or what they made."""


@dataclass(frozen=True)
class Terms:
    """Where, and under which conditions, an order is carried out."""

    answer: str  # the file for the answer
    parent: int  # the process that waits for it; 0 in a container, where none can be seen
    workspace: bool  # whether the folder is a run's, and not the user's own
    lock_wait_s: float  # how long to wait while another process holds DVC's lock


def as_text(terms: Terms, order: Order[Any], python_path: str = "") -> str:
    """A message to a new process.

    Args:
        python_path: PYTHONPATH of the steps, which is not that of the process.
    """
    kind = type(order).__name__
    held = {"kind": kind, "order": vars(order), "terms": asdict(terms), "python_path": python_path}
    return json.dumps(held, default=in_json)


def in_json(value: Any) -> Any:
    """What JSON does not know: values of params may be dates."""
    return vars(value) if hasattr(value, "__dataclass_fields__") else str(value)


def received() -> tuple[Terms, str, dict[str, Any]]:
    """The message to this process: the terms, and the kind of order with its values.

    It comes as the first argument, or, where that is -, by standard input, of which the steps then
    see nothing.
    """
    text = sys.argv[1]
    if text == "-":
        text = sys.stdin.read()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    held = json.loads(text)
    os.environ.pop("PYTHONPATH", None)
    if held["python_path"]:
        os.environ["PYTHONPATH"] = held["python_path"]
    return Terms(**held["terms"]), held["kind"], held["order"]


def causes(error: BaseException) -> list[BaseException]:
    """What an error came from, outermost first."""
    found = []
    while error.__cause__ is not None:
        error = error.__cause__
        found.append(error)
    return found


def answer(terms: Terms, found: object) -> None:
    """Write an answer, or a refusal, into its file: whole, or not at all.

    Raises:
        OSError: it could not be written, for the disk is full.
    """
    name = "refusal" if isinstance(found, Refusal) else "answer"
    files.write(Path(terms.answer), json.dumps({name: found}, default=in_json))


def written(file: Path) -> bytes:
    """What an answer's file holds, be it what a step in a container made of it.

    Raises:
        OSError, ValueError: it is a link, a folder or a pipe, or larger than any answer.
    """
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as held:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_size > MOST:
            raise ValueError(f"it is no file, or one of more than {MOST} bytes")
        return held.read()
