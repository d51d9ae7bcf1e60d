"""What is known of the reports of a run, in one small file beside them: lists need open no report.

It lies beside the folder of the run, where no step writes.
"""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from include.pipeline.child import files
from include.pipeline.workspace import remove, reports_of

KINDS = (".html", ".json", ".csv", ".tsv", ".txt", ".md", ".yaml", ".png", ".jpg", ".svg", ".pdf")
PAGES = (".html", ".png", ".jpg", ".svg")  # that a set of pages leads to by itself
# What to read first, of several verdicts.
WORST = (
    *("hurts", "failed", "blind", "unknown", "retrain", "held back", "refused", "moved"),
    *("steady", "not needed", "passed"),
)
MOST = 500  # reports of a run that are listed
LARGEST = 4_000_000  # bytes of a JSON file that may hold a verdict
LONGEST = 600  # letters of a sentence
AT_ONCE = 100  # runs that Airflow is asked for


@dataclass(frozen=True)
class Finding:
    """What a report comes to, in its own words."""

    report: str
    state: str
    sentence: str = ""
    to_do: str = ""


@dataclass(frozen=True)
class Card:
    """The reports of a run, and what they come to."""

    dag_id: str
    run_id: str
    repo: str = ""
    experiment: str = ""
    window: str = ""  # the date that its data end at
    published: float = 0.0  # seconds since 1970
    makers: dict[str, str] = field(default_factory=dict)  # the task of each out of the DAG
    reports: tuple[str, ...] = ()  # that can be read, as paths in the repository
    findings: tuple[Finding, ...] = ()


CARDS = TypeAdapter(Card)  # made once: it takes longer than to read a card


def place_of(home: Path, dag_id: str, run_id: str) -> Path:
    """Where the card of a run is: no run's folder begins with a dot."""
    folder = reports_of(home, dag_id, run_id)
    return folder.with_name(f".{folder.name}.json")


def write_card(home: Path, run: tuple[str, str], **known: Any) -> Card:
    """Say what the published reports of a run are, and what they come to.

    Args:
        run: the ids of the DAG and the run.
        known: what else the card holds.
    """
    card = card_of(reports_of(home, *run), Card(*run, published=time.time(), **known))
    place = place_of(home, *run)
    place.parent.mkdir(parents=True, exist_ok=True)
    files.write(place, json.dumps(asdict(card)))
    return card


def card_of(folder: Path, card: Card) -> Card:
    """A card with the reports that are in a folder."""
    paths = islice(readable(folder), MOST)
    shown = tuple(path.relative_to(folder).as_posix() for path in paths)
    found = (finding_in(folder / name, name) for name in shown if name.endswith(".json"))
    findings = tuple(finding for finding in found if finding)
    return Card(**{**vars(card), "reports": shown, "findings": findings})


def read_card(place: Path) -> Card | None:
    """The card at a place; None if there is none, or it is no card."""
    try:
        return CARDS.validate_json(place.read_bytes())
    except (OSError, ValueError):
        return None


def cards_in(folder: Path) -> list[Card]:
    """The cards of the closed runs of one DAG, which has this folder of reports."""
    return [card for place in sorted(folder.glob(".*.json")) if (card := read_card(place))]


def readable(folder: Path) -> Iterator[Path]:
    """The files that a person can read; of a set of pages its first one."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        text = name.encode(errors="ignore").decode() == name  # a file's name may be no text
        hidden = any(part[0] in "._" for part in name.split("/"))
        inner = path.suffix in PAGES and path.name != "index.html" and beside(path, folder)
        own = path.is_file() and not path.is_symlink()
        if text and not hidden and not inner and path.suffix in KINDS and own:
            yield path


def beside(page: Path, folder: Path) -> bool:
    """Whether a page belongs to a set of pages with an index."""
    parents = [parent for parent in page.parents if parent.is_relative_to(folder)]
    return any((parent / "index.html").exists() for parent in parents)


def finding_in(path: Path, name: str) -> Finding | None:
    """What a report comes to, if it says so: its state, a sentence, and what to do.

    It is under `verdict`, or at the top; else in the last of its windows, if it has such.
    """
    try:
        held = json.loads(path.read_text()) if path.stat().st_size <= LARGEST else None
    except (OSError, ValueError, RecursionError):
        return None
    windows = held.get("windows") if isinstance(held, dict) else None
    last = windows[-1] if isinstance(windows, list) and windows else None
    return verdict_in(held, name) or verdict_in(last, name)


def verdict_in(held: object, name: str) -> Finding | None:
    """The verdict that an object of JSON holds, or is."""
    if not isinstance(held, dict):
        return None
    said = held.get("verdict")
    if isinstance(said, str):
        said = {"state": said, "sentence": held.get("reason")}
    told = said if isinstance(said, dict) else held
    if not isinstance(told.get("state"), str):
        return None
    sentence = told.get("sentence") or " ".join(failed(held.get("checks")))
    return Finding(name, *(cut(text) for text in (told["state"], sentence, told.get("to_do"))))


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Verdicts in the order to read them; a word that nobody knows comes last."""
    ranks = {state: rank for rank, state in enumerate(WORST)}
    return sorted(findings, key=lambda found: ranks.get(found.state, len(ranks)))


def failed(checks: object) -> Iterator[str]:
    """The reasons of checks that did not pass."""
    for check in checks if isinstance(checks, list) else ():
        if isinstance(check, Mapping) and check.get("passed") is False:
            yield str(check.get("reason", ""))


def cut(text: object) -> str:
    """A text of one line, not too long; what is no text is empty."""
    found = re.sub(r"\s+", " ", text).strip() if isinstance(text, str) else ""
    return found if len(found) <= LONGEST else f"{found[:LONGEST]}..."


def remove_deleted(home: Path, dag_id: str, count: Callable[[Sequence[str]], int]) -> list[str]:
    """Remove the reports of runs of a DAG that Airflow has no more.

    Args:
        count: how many of some runs Airflow has.

    Returns:
        The runs whose reports are gone.
    """
    folder = place_of(home, dag_id, "any").parent
    cards = cards_in(folder)
    ids = [card.run_id for card in cards if card.dag_id == dag_id]
    gone = [
        run_id
        for first in range(0, len(ids), AT_ONCE)
        for run_id in missing(ids[first : first + AT_ONCE], count)
    ]
    for run_id in gone:
        remove(reports_of(home, dag_id, run_id))
        place_of(home, dag_id, run_id).unlink(missing_ok=True)
    return gone


def missing(ids: Sequence[str], count: Callable[[Sequence[str]], int]) -> list[str]:
    """Those that are not counted, found by halves: mostly all are."""
    if not ids or count(ids) == len(ids):
        return []
    if len(ids) == 1:
        return [*ids]
    half = len(ids) // 2
    return missing(ids[:half], count) + missing(ids[half:], count)
