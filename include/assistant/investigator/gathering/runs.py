"""The runs that are known: closed ones by experiments and cards, others by their logs."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from include.assistant.investigator.evidence import (
    PLAIN,
    from_json,
    rank,
    read_json,
    writable,
)
from include.assistant.investigator.gathering.git import contents, lines
from include.assistant.investigator.gathering.logs import begun, failed_since

SIGN = '{"leeway-run": '  # how the record of a run begins, in the message of its experiment
# A time as Airflow writes it into the id of a run, and as it stands in the name of a run.
TIME = re.compile(r"T(\d\d):(\d\d):(\d\d)(\.\d+)?([+-])(\d\d):(\d\d)")
SHORT = re.compile(r"T(\d\d)(\d\d)(\d\d)(\.\d+)?([+-])(\d\d)(\d\d)(?!\d)")
DIGESTED = re.compile(r"-[0-9a-f]{12}$")
LONGEST = 150


@dataclass(frozen=True)
class Known:
    """What is known of a run before its files are read.

    Args:
        closed: when its experiment was made or its reports were published, whichever was last.
        failed: whether a task of it has failed since.
        commit: of its experiment; empty if it was not closed.
        reports: the folder of what it published; None if there is none.
        logs: the folder of its tasks' logs; None if there is none.
    """

    name: str
    dag_id: str = ""
    run_id: str = ""
    opened: float = 0.0
    closed: float = 0.0
    failed: bool = False
    commit: str = ""
    verdict: str = ""
    sentence: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    reports: Path | None = None
    logs: Path | None = None

    @property
    def since(self) -> str:
        """When it was opened, in words; empty if nobody knows."""
        return moment(self.opened)

    @property
    def at_last(self) -> "Known":
        """What it came to: what it left when it was closed counts no more if it failed since."""
        later = self.logs is not None and failed_since(self.logs, self.closed)
        return self.as_failed if later else self

    @property
    def as_failed(self) -> "Known":
        """What is known of it once it has failed: its logs alone are those of its last try."""
        return Known(self.name, self.dag_id, self.run_id, self.opened, failed=True, logs=self.logs)


def known_runs(repo: Path, home: Path, logs: Path) -> list[Known]:
    """All runs, the newest first."""
    found = {one.name: one for one in experiments(repo)}
    for card in cards(home):
        name = run_name(card.dag_id, card.run_id)
        held = found.get(name, card)
        found[name] = replace(
            held,
            name=name,
            verdict=card.verdict,
            sentence=card.sentence,
            reports=card.reports,
            closed=max(card.closed, held.closed),
        )
    for folder in logged(logs):
        name = run_name(folder.dag_id, folder.run_id)
        held = found.get(name, folder)
        # Without an experiment, all that a card says is when the run ended.
        opened = held.opened if held.commit else folder.opened
        found[name] = replace(held, name=name, logs=folder.logs, opened=opened)
    fine = [one for one in found.values() if re.fullmatch(PLAIN, one.name)]
    return sorted(fine, key=lambda one: (one.opened, one.name), reverse=True)


def experiments(repo: Path) -> Iterator[Known]:
    """The runs that are experiments in git, with what their records say."""
    form = "--format=%(objectname) %(committerdate:unix) %(refname)"
    refs = [line.split(" ", 2) for line in lines(repo, "for-each-ref", form, "refs/exps/*/*/*")]
    texts = contents(repo, [sha for sha, _, _ in refs])
    for (sha, when, ref), text in zip(refs, texts, strict=True):
        if ref.count("/") != 4:
            continue
        record = record_in((text or b"").decode(errors="replace"))
        yield Known(
            name=ref.rsplit("/", 1)[-1],
            dag_id=str(record.get("dag_id", "")),
            run_id=str(record.get("run_id", "")),
            opened=number(record.get("opened")) or 0.0,
            closed=float(when or 0),
            commit=sha,
            metrics=numbers(record.get("metrics")),
        )


def record_in(message: str) -> dict[str, Any]:
    """The record in the message of a commit; nothing if there is none."""
    line = next((line for line in message.splitlines() if line.startswith(SIGN)), "{}")
    said = from_json(line.encode())
    held = said.get("leeway-run") if isinstance(said, dict) else None
    return held if isinstance(held, dict) else {}


def cards(home: Path) -> Iterator[Known]:
    """The runs that published reports, by the small files that lie beside them."""
    for path in sorted(home.glob("reports/*/.*.json")):
        held = read_json(path)
        if not isinstance(held, dict):
            continue
        folder = path.with_name(path.name.removeprefix(".").removesuffix(".json"))
        told = held.get("findings")
        found = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
        worst = min(found, key=lambda one: rank(str(one.get("state"))), default={})
        yield Known(
            name="",
            dag_id=str(held.get("dag_id", "")),
            run_id=str(held.get("run_id", "")),
            opened=number(held.get("published")) or 0.0,
            closed=number(held.get("published")) or 0.0,
            verdict=str(worst.get("state", "")),
            sentence=" ".join(str(worst.get(name) or "") for name in ("sentence", "to_do")).strip(),
            reports=folder if folder.is_dir() and not folder.is_symlink() else None,
        )


def logged(logs: Path) -> Iterator[Known]:
    """The runs of which tasks have logged something, as Airflow lays logs out."""
    for folder in sorted(logs.glob("dag_id=*/run_id=*")):
        dag_id, run_id = (writable(part.split("=", 1)[1]) for part in folder.parts[-2:])
        yield Known("", dag_id, run_id, opened=begun(folder), logs=folder)


def run_name(dag_id: str, run_id: str) -> str:
    """The name of a run: that of its experiment and its workspace."""
    text = f"{dag_id}.{run_id}" if dag_id else run_id
    short = TIME.sub(r"T\1\2\3\4\5\6\7", text)
    exact = "." not in (dag_id or run_id) and SHORT.sub(r"T\1:\2:\3\4\5\6:\7", short) == text
    plain = re.fullmatch(r"[A-Za-z0-9_](?:[A-Za-z0-9_+-]|\.(?!\.))*", short) is not None
    ends = short.endswith((".", ".lock")) or DIGESTED.search(short)
    if exact and plain and len(short) <= LONGEST and not ends:
        return short
    found = re.sub(r"\.\.+", ".", re.sub(r"[^A-Za-z0-9_+.-]+", "-", short))
    found = found[: LONGEST - 13].strip("-.+") or "run"
    digest = hashlib.sha256(json.dumps((dag_id, run_id)).encode()).hexdigest()[:12]
    return f"{found}-{digest}"


def moment(seconds: float) -> str:
    """A time in ISO 8601, of seconds since 1970; empty if it is none."""
    if not 0 < seconds < 253_402_300_800:
        return ""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def numbers(held: object) -> dict[str, float]:
    """The numbers among some values."""
    some = held.items() if isinstance(held, dict) else ()
    found = {str(name): number(value) for name, value in some}
    return {name: value for name, value in found.items() if value is not None}


def number(value: object) -> float | None:
    """A finite number; None of anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e300 else None
