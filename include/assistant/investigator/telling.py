"""Facts of runs, numbers, alerts, logs and documents; and what is taken out of all facts."""

import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from include.assistant.investigator.evidence import LARGEST, Alert, Run
from include.assistant.investigator.facts import (
    AlertFact,
    DocumentFact,
    Fact,
    LogFact,
    NumberFact,
    RunFact,
)
from include.assistant.investigator.secrets import KEYS, emptied, hidden
from include.assistant.investigator.watched import shown
from include.errors import at_most_ten

if TYPE_CHECKING:
    from include.assistant.passages import Hit

LETTERS = 800  # of a text of a fact
# Signs that no text needs, and that move or hide what stands beside them; line ends and tabs too.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
ERROR = ("ERROR ", "CRITICAL ")
LEVEL = re.compile(r"(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\b")
ORDER = re.compile(r"\s*Next: \S")
LONGEST = 200  # lines of an error
F = TypeVar("F", bound=Fact)


def run_fact(run: Run, now: bool) -> RunFact:
    """A run, and what its reports came to."""
    began = f", opened {run.opened}" if run.opened else ""
    ended = f"; its reports say {run.verdict}" if run.verdict else ""
    lacking = f" These reports cannot be read: {at_most_ten(run.unread)}." if run.unread else ""
    said = f"The run {run.name}{began}, is {run.state}{ended}.{lacking} {run.sentence}"
    return RunFact(
        id=f"run:{run.name}",
        said=said.strip(),
        name=run.name,
        dag_id=run.dag_id,
        run_id=run.run_id,
        state=run.state,
        verdict=run.verdict,
        good=run.good,
        now=now,
        opened=run.opened,
        unread=run.unread,
    )


def number_fact(tag: str, name: str, value: float, good: float | None) -> NumberFact:
    """A metric, beside that of the last good run."""
    told = f"{name} is {shown(value)}"
    told += f"; in the last good run it was {shown(good)}" if good is not None else ""
    return NumberFact(id=f"metric:{tag}{name}", said=f"{told}.", name=name, value=value, good=good)


def alert_fact(place: int, alert: Alert) -> AlertFact:
    """An incident that was told of."""
    began = f" since {alert.since}" if alert.since else ""
    said = f"An alert is open{began}: {alert.title}. {alert.details}".strip()
    return AlertFact(id=f"alert:{place}", said=said, title=alert.title, since=alert.since)


def log_facts(path: Path, task: str, tag: str) -> Iterator[LogFact]:
    """The lines of a log that are not empty; of a long one, its end."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - LARGEST, 0))
        lines = KEYS.sub(emptied, file.read().decode(errors="replace")).splitlines()
    for number, line in enumerate(lines, 1):
        if text := line.strip():
            yield LogFact(
                id=f"log:{tag}{task}:{number}",
                said=text,
                task=task,
                line=number,
                text=text,
                order=order(lines[number:]) if text.startswith(ERROR) else "",
            )


def order(below: Sequence[str]) -> str:
    """What an error orders, by the lines below it, up to the next one that has a level."""
    own = itertools.takewhile(lambda line: not LEVEL.match(line), below[:LONGEST])
    found = [line.split("Next: ", 1)[1] for line in own if ORDER.match(line)]
    return found[-1].strip() if found else ""


def document_fact(hit: "Hit") -> DocumentFact:
    """A passage that was found."""
    return DocumentFact(
        id=f"document:{hit.id}",
        said=hit.text,
        title=" > ".join(hit.titles),
        source=hit.source,
        page=hit.page,
        url=hit.url,
    )


def clean(fact: F) -> F:
    """A fact without secrets, endless texts, and signs that mislead who reads it."""
    texts = {name: tidy(held) for name, held in fact if isinstance(held, str)}
    lists = {name: tuple(map(tidy, held[:20])) for name, held in fact if isinstance(held, tuple)}
    return fact.model_copy(update=texts | lists)


def tidy(text: str) -> str:
    """A text of one line, such as can be written."""
    held = CONTROL.sub(" ", hidden(text)).encode(errors="replace").decode()
    return held if len(held) <= LETTERS else f"{held[:LETTERS]}..."
