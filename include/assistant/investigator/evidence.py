"""The evidence of a run, as plain files in one folder: what tools read, and nothing else.

    evidence.json          runs, the newest first, with numbers, settings and lineage; alerts
    reports/RUN/PATH.json  what stages reported, as the run published it
    logs/RUN/TASK.log      what tasks said, as text

Whoever brings these files can be investigated: no other tool, server or library is asked.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.errors import DataError, did_you_mean

ABOUT, REPORTS, LOGS = "evidence.json", "reports", "logs"
LARGEST = 4_000_000  # bytes of a file that is read
PLAIN = r"[A-Za-z0-9_][A-Za-z0-9_+.-]{0,249}"  # of names that are folders: none leads elsewhere
# Verdicts of a report that are no trouble: seasons move inputs, and faults of data count as alarms.
GOOD = frozenset({"", "steady", "moved", "passed", "not needed", "retrain", "held back"})
# Numbers that count trouble where they are not 0, by the end of their names.
TROUBLE = (":alarms", ":failed_gates", ":hurts", ":blind")
# What to read first, of several verdicts.
WORST = ("hurts", "failed", "blind", "unknown", "refused", "moved", "retrain", "held back")
HALF = re.compile(rb"\\u[dD][89a-fA-F]")  # of a sign, or a whole one
State = Literal["closed", "failed", "unknown"]


class Strict(BaseModel):
    """An object that never changes, and holds nothing unasked."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Stage(Strict):
    """What a stage was made from, and what it made: as dvc.lock says it.

    Args:
        deps: path to the hash of its content; outs likewise.
        params: name to value, as JSON.
    """

    command: str = ""
    deps: dict[str, str] = {}
    params: dict[str, str] = {}
    outs: dict[str, str] = {}


class Run(Strict):
    """One run of a pipeline, or what stands in a working tree."""

    name: str = Field(pattern=f"^{PLAIN}$")
    dag_id: str = ""
    run_id: str = ""
    opened: str = ""  # a time in ISO 8601; empty if nobody knows
    state: State = "unknown"
    verdict: str = ""  # the worst of its reports, in their word
    sentence: str = ""
    metrics: dict[str, float] = {}  # metrics/watch.json:auc
    stages: dict[str, Stage] = {}  # empty if its dvc.lock is not had
    unread: tuple[str, ...] = ()  # paths of reports that could not be read

    @property
    def good(self) -> bool:
        """Whether it ended well, and no report or number of it speaks of trouble."""
        trouble = any(held for name, held in self.metrics.items() if name.endswith(TROUBLE))
        refused = any(not held for name, held in self.metrics.items() if name.endswith(":passed"))
        told = self.state == "closed" and self.verdict in GOOD and not self.unread
        return told and not (trouble or refused)


class Alert(Strict):
    """An incident that was told of."""

    title: str
    details: str = ""
    since: str = ""


class About(Strict):
    """The content of evidence.json.

    Args:
        run: the one that is investigated.
        runs: the newest first, this one among them.
    """

    version: Literal[1] = 1
    run: str
    runs: tuple[Run, ...]
    alerts: tuple[Alert, ...] = ()


class Evidence:
    """The evidence in a folder.

    Raises:
        DataError: there is none, or it is not of this form.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / ABOUT
        fix = "gather it with `python -m include.assistant.investigate`."
        if not path.is_file():
            raise DataError(f"{folder} holds no {ABOUT}: it is no evidence.", fix)
        try:
            self.about = About.model_validate_json(path.read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise DataError(f"{path} is no evidence: {where}: {first['msg']}.", fix) from None
        self.run(self.about.run)

    def run(self, name: str = "") -> Run:
        """A run by its name; without one, that which is investigated.

        Raises:
            DataError: there is none of this name.
        """
        wanted = name or self.about.run
        for run in self.about.runs:
            if run.name == wanted:
                return run
        hint = did_you_mean(wanted, (run.name for run in self.about.runs))
        raise DataError(f"There is no evidence of a run {wanted!r}.{hint}", "list the runs first.")

    def last_good(self, name: str = "") -> Run | None:
        """The newest good run of the same DAG before a run; None if none is known."""
        now = self.run(name)
        later = self.about.runs.index(now)
        before = self.about.runs[later + 1 :]
        return next((run for run in before if run.good and run.dag_id == now.dag_id), None)

    def reports(self, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
        """The JSON reports of a run, each with its path; what cannot be read is left out."""
        folder = self.folder / REPORTS / self.run(name).name
        for path in sorted(folder.rglob("*.json")):
            held = read_json(path)
            if isinstance(held, dict) and path.resolve().is_relative_to(folder.resolve()):
                yield path.relative_to(folder).as_posix(), held

    def logs(self, name: str = "") -> dict[str, Path]:
        """The logs of a run by task."""
        folder = self.folder / LOGS / self.run(name).name
        return {path.stem: path for path in sorted(folder.glob("*.log")) if not path.is_symlink()}


def rank(state: str) -> int:
    """Where a verdict stands among others: small is read first."""
    return WORST.index(state) if state in WORST else len(WORST)


def read_json(path: Path) -> object:
    """What a file of JSON holds; None if it is too large, or none."""
    try:
        return from_json(path.read_bytes()) if path.stat().st_size <= LARGEST else None
    except OSError:
        return None


def readable(read: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    """The objects among what files hold, by path."""
    return {path: held for path, held in read.items() if isinstance(held, dict)}


def unread(read: Mapping[str, object]) -> tuple[str, ...]:
    """The paths of what could not be read."""
    return tuple(path for path, held in read.items() if held is None)


def from_json(text: bytes) -> object:
    """What JSON holds, as files take it; None if it is none."""
    try:
        held = json.loads(text.decode())
        # A half of a sign may stand there as \ud83d alone.
        again = HALF.search(text)
        return json.loads(writable(json.dumps(held, ensure_ascii=False))) if again else held
    except (ValueError, RecursionError):
        return None


def writable(text: str) -> str:
    """A text as files take it: a question mark for each half of a sign, and byte of no letter."""
    return text.encode(errors="replace").decode()


def write(
    folder: Path,
    about: About,
    reports: Mapping[str, Mapping[str, object]],
    logs: Mapping[str, Mapping[str, str]],
) -> None:
    """Write evidence into a folder.

    Args:
        reports: of each run, path to content.
        logs: of each run, task to text.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ABOUT).write_text(as_text(about.model_dump(exclude_defaults=True)))
    for run, held in reports.items():
        for name, content in held.items():
            path = folder / REPORTS / run / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(as_text(content, LARGEST))
    for run, told in logs.items():
        for task, text in told.items():
            path = folder / LOGS / run / f"{task}.log"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(writable(text))


def as_text(held: object, largest: float = math.inf) -> str:
    """JSON that people can read, and that is the same bytes each time; in one line if it is long.

    Args:
        largest: bytes that it may have in many.
    """
    text = writable(json.dumps(held, indent=1, ensure_ascii=False)) + "\n"
    if len(text.encode()) <= largest:
        return text
    return writable(json.dumps(held, separators=(",", ":"), ensure_ascii=False)) + "\n"
