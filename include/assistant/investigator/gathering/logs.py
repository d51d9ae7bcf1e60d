"""The logs of tasks as Airflow keeps them: the last try of each, as text."""

import json
from pathlib import Path

from include.assistant.investigator.evidence import LARGEST
from include.assistant.investigator.secrets import hidden

LINES = 3000  # of a task that are kept, the last ones
FAILED = ("ERROR ", "CRITICAL ")


def texts(run: Path) -> dict[str, str]:
    """What each task of a run said in its last try, without secrets."""
    found = {}
    for folder in sorted(run.glob("task_id=*")):
        tries = sorted(folder.rglob("attempt=*.log"), key=attempt)
        own = [path for path in tries if path.is_file() and not path.is_symlink()]
        if own:
            task = folder.name.split("=", 1)[1].replace("/", "-")
            found[task] = text(own[-1])
    return found


def attempt(path: Path) -> tuple[int, str]:
    """Which try a log is of."""
    said = path.stem.split("=", 1)[1]
    return (int(said) if said.isdigit() else 0, path.as_posix())


def text(path: Path) -> str:
    """A log as lines of text: Airflow writes each as JSON, or as it came."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - LARGEST, 0))
        lines = file.read().decode(errors="replace").splitlines()[-LINES:]
    return hidden("".join(f"{plain(line)}\n" for line in lines))  # a key has many lines


def plain(line: str) -> str:
    """One line, with its level in front if it has one."""
    try:
        held = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        held = None
    if not isinstance(held, dict) or "event" not in held:
        return line
    details = held.get("error_detail")
    problems = [f"{one.get('exc_type')}: {one.get('exc_value')}" for one in inner(details)]
    told = " ".join([str(held["event"]), *problems])
    return f"{str(held.get('level', 'info')).upper()} {' '.join(told.split())}"


def inner(details: object) -> list[dict[str, object]]:
    """The errors that a line tells of."""
    return [one for one in details if isinstance(one, dict)] if isinstance(details, list) else []


def failed(said: dict[str, str]) -> bool:
    """Whether the last words of a task are an error."""
    ends = [lines[-5:] for text in said.values() if (lines := text.splitlines())]
    return any(line.startswith(FAILED) for last in ends for line in last)
