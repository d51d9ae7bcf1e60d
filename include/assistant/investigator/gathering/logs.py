"""The logs of tasks as Airflow keeps them: the last try of each, as text, and how it ended."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from include.assistant.investigator.evidence import LARGEST, from_json, writable
from include.assistant.investigator.secrets import hidden

LINES = 3000  # of a task that are kept, the last ones
LOGS = 100  # of a run that are kept, those that failed first
HEAD, TAIL = 10_000, 200_000  # bytes in which a log's begin and end are sought
LAST = 5  # lines of a log that are its last words, where Airflow does not say how it ended
FAILED = ("ERROR ", "CRITICAL ")
# What Airflow itself, by the logger `task`, says of a task that failed, and at the end of any.
BROKEN = (
    *("Task failed with exception", "Task exited", "Process exited abnormally"),
    *("Process terminated by signal", "Received SIGSEGV"),
)
END = "::group::Post Execute"
# What to do, at the end of an error as include.errors writes it.
ORDER = re.compile(r"\n[ \t]*Next: (?=\S)(?![\s\S]*\n[ \t]*Next: \S)")
WORD = re.compile("|".join(map(re.escape, (*BROKEN, END))))


def texts(run: Path) -> dict[str, str]:
    """What each task of a run said in its last try, without secrets."""
    tries = last_tries(run)
    first = sorted(tries, key=lambda task: failed_at(tries[task]) is None)[:LOGS]
    return {task: text(tries[task]) for task in sorted(first)}


def failed_since(run: Path, closed: float) -> bool:
    """Whether the last try of a task of a run failed after a time, in seconds since 1970."""
    later = [path for path in last_tries(run).values() if path.stat().st_mtime > closed]
    return any((at := failed_at(path)) is not None and at > closed for path in later)


def last_tries(run: Path) -> dict[str, Path]:
    """The log of the last try of each task; a mapped one has one for each index."""
    found = {}
    for folder in sorted(run.glob("task_id=*")):
        task = writable(folder.name.split("=", 1)[1])
        for path in sorted(folder.rglob("attempt=*.log"), key=attempt):
            if path.is_file() and not path.is_symlink():
                index = path.parent.name.partition("map_index=")[2]
                found[f"{task}[{index}]" if index else task] = path
    return found


def attempt(path: Path) -> tuple[int, str]:
    """Which try a log is of."""
    said = path.stem.split("=", 1)[1]
    return (int(said) if said.isdigit() else 0, path.as_posix())


def failed_at(path: Path) -> float | None:
    """When the task of a log failed; None if it did not, or nobody can tell."""
    lines = tail(path, TAIL)
    said = [record(line) for line in lines if WORD.search(line)]
    own = [one for one in said if one.get("logger") == "task"]
    broken = [one for one in own if any(word in str(one.get("event")) for word in BROKEN)]
    if not own:  # it was killed, is at work, or was written otherwise
        broken = [record(line) for line in lines[-LAST:] if plain(line).startswith(FAILED)]
    times = [time_of(one) or path.stat().st_mtime for one in broken[-1:]]
    return times[0] if times else None


def begun(run: Path) -> float:
    """When a run began, by the first line of its logs; else when their folder was last changed."""
    heads = [head(path) for path in run.rglob("attempt=*.log") if not path.is_symlink()]
    return min((at for one in heads if (at := time_of(one))), default=run.stat().st_mtime)


def head(path: Path) -> dict[str, Any]:
    """The first line of a log, if it is JSON."""
    with suppress(OSError), path.open("rb") as file:
        return record(file.readline(HEAD).decode(errors="replace"))
    return {}


def tail(path: Path, size: int) -> list[str]:
    """The last lines of a log."""
    with suppress(OSError), path.open("rb") as file:  # of many, one that cannot be read is none
        file.seek(max(path.stat().st_size - size, 0))
        return file.read(size).decode(errors="replace").splitlines()
    return []


def text(path: Path) -> str:
    """A log as lines of text: Airflow writes each as JSON, or as it came."""
    lines = tail(path, LARGEST)[-LINES:]
    return hidden("".join(f"{plain(line)}\n" for line in lines))  # a key has many lines


def plain(line: str) -> str:
    """One line, with its level in front if it has one; what an error orders stands below it."""
    held = record(line)
    if "event" not in held:
        return line
    problems = [f"{one.get('exc_type')}: {one.get('exc_value')}" for one in inner(held)]
    parts = [ORDER.split(part, 1) for part in (str(held["event"]), *problems)]
    told = [f"{str(held.get('level', 'info')).upper()} {spaced(part[0] for part in parts)}"]
    ordered = [spaced(part[1:]) for part in parts if len(part) > 1]
    return "\n".join([*told, *(f"  Next: {one}" for one in ordered[:1])])


def spaced(texts: Iterable[str]) -> str:
    """Some texts in one line, with single spaces."""
    return " ".join(" ".join(texts).split())


def record(line: str) -> dict[str, Any]:
    """What a line of JSON holds; nothing of any other."""
    held = from_json(line.encode()) if line.startswith("{") else None
    return held if isinstance(held, dict) else {}


def inner(held: dict[str, Any]) -> Iterator[dict[str, object]]:
    """The errors that a line tells of."""
    details = held.get("error_detail")
    some = details if isinstance(details, list) else []
    yield from (one for one in some if isinstance(one, dict))


def time_of(held: dict[str, Any]) -> float:
    """When a line was written, in seconds since 1970; 0 if it does not say."""
    with suppress(ValueError, OverflowError):
        return datetime.fromisoformat(str(held.get("timestamp"))).timestamp()
    return 0.0
