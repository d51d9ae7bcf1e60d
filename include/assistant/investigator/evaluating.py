"""Notes held against the truth of planted incidents."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.assistant.investigator import claims
from include.assistant.investigator.evidence import Evidence
from include.assistant.investigator.note import Note
from include.assistant.investigator.playbook import Playbook
from include.assistant.investigator.settings import Investigating
from include.assistant.investigator.tools import Tools
from include.assistant.investigator.writing import investigate
from include.errors import DataError

TRUTHS = "incidents.json"
DIGITS = 6


@dataclass(frozen=True)
class Scored:
    """One note, beside what is true.

    Args:
        rank: place of the right cause among those of the note, from 1; 0 if it is not there.
        subject_right: whether the column, value, group or setting was named; None if there is none.
        since_right: whether the first window was; None if there is none.
        alarmed: whether a check failed, or the run: else nobody would have asked.
        wrong: claims with a number, a quote or a source that is not there.
        fell_back: why the model wrote no note, so that nothing was found; empty if it did.
    """

    id: str
    fold: str
    kind: str
    cause: str
    subject: str
    since: str
    first: str
    second: str
    third: str
    rank: int
    subject_right: bool | None
    since_right: bool | None
    alarmed: bool
    claims: int
    wrong: int
    proposals: int
    tool_calls: int
    tokens: int
    cost: float
    headline: str
    fell_back: str


def score_all(folder: Path, book: Playbook, model: Investigating | None) -> list[Scored]:
    """Investigate all incidents in a folder, by the playbook or by a model.

    Raises:
        DataError: there is no list of incidents, or it is empty.
    """
    path = folder / TRUTHS
    truths = json.loads(path.read_text()) if path.is_file() else []
    if not truths:
        fix = "run `dvc repro include/assistant/dvc.yaml:plant_incidents`."
        raise DataError(f"{path} names no incident.", fix)
    return [score(truth, folder, book, model) for truth in truths]


def score(
    truth: Mapping[str, Any], folder: Path, book: Playbook, model: Investigating | None
) -> Scored:
    """Investigate one incident."""
    tools = Tools(Evidence(folder / truth["id"]))
    if model is None:
        return held(truth, investigate(tools, book), tools, book)
    from include.assistant.investigator.agent import investigate_by

    told = investigate_by(tools, book, model)
    return held(truth, told.note, tools, book, told.tokens, told.cost)


def held(
    truth: Mapping[str, Any],
    note: Note,
    tools: Tools,
    book: Playbook,
    tokens: int = 0,
    cost: float = 0.0,
) -> Scored:
    """A note held against the truth; what the playbook wrote in place of a model is none of it."""
    if note.reason:
        note = Note(run=note.run, headline="", reason=note.reason)
    names = [one.cause for one in note.causes]
    named = next((one.subject for one in note.causes if one.cause == truth["cause"]), "")
    run = tools.evidence.run()
    began = run.name if run.state == "failed" else truth["since"]
    failed = any(getattr(fact, "state", "") == "failed" for fact in tools.returned.values())
    return Scored(
        **{name: str(truth[name]) for name in ("id", "fold", "kind", "cause", "subject", "since")},
        **dict(zip(("first", "second", "third"), [*names, "", "", ""], strict=False)),
        rank=names.index(truth["cause"]) + 1 if truth["cause"] in names else 0,
        subject_right=truth["subject"] in named if truth["subject"] else None,
        since_right=any(began in one.text for one in note.since) if truth["since"] else None,
        alarmed=failed or run.state == "failed",
        claims=len([*note.claims]),
        wrong=len(claims.wrong(note, tools.returned, book)),
        proposals=len(note.proposals),
        tool_calls=tools.calls,
        tokens=tokens,
        cost=cost,
        headline=note.headline,
        fell_back=note.reason,
    )


def measure(rows: Sequence[Scored]) -> dict[str, float | None]:
    """The numbers of many notes; those of worlds that nobody looked at stand apart."""
    numbers = {name: share(rows, right) for name, right in RIGHT.items()}
    for fold in sorted({row.fold for row in rows}):
        some = [row for row in rows if row.fold == fold]
        numbers[f"{fold}.incidents"] = len(some)
        numbers |= {f"{fold}.{name}": share(some, right) for name, right in RIGHT.items()}
    for kind in sorted({row.kind for row in rows}):
        some = [row for row in rows if row.kind == kind]
        numbers[f"first_share_of.{kind}"] = share(some, RIGHT["first_share"])
    sums = {
        "claims": sum(row.claims for row in rows),
        "wrong_claims": sum(row.wrong for row in rows),
        "tokens": sum(row.tokens for row in rows),
        "cost": round(sum(row.cost for row in rows), DIGITS),
        "tool_calls": round(sum(row.tool_calls for row in rows) / len(rows), DIGITS),
    }
    return {"incidents": len(rows), **numbers, **sums}


RIGHT: dict[str, Callable[[Scored], bool | None]] = {
    "first_share": lambda row: row.rank == 1,
    "first_three_share": lambda row: 1 <= row.rank <= 3,
    "first_share_alarmed": lambda row: row.rank == 1 if row.alarmed else None,
    "subject_share": lambda row: row.subject_right,
    "since_share": lambda row: row.since_right,
    "false_alarm_share": lambda row: row.rank != 1 if row.cause == "nothing_wrong" else None,
    "fell_back_share": lambda row: bool(row.fell_back),
}


def share(rows: Iterable[Scored], right: Callable[[Scored], bool | None]) -> float | None:
    """The share of those that can be right which are; None if none can."""
    found = [value for row in rows if (value := right(row)) is not None]
    return round(sum(found) / len(found), DIGITS) if found else None
