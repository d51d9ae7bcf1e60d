"""Whether claims hold: their numbers, dates and quotes are those of the facts that they cite.

What they cite must bear on them, too: see bearing.py. That is no check of sense: a claim may still
misread a true number.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation

from include.assistant.answering.words import stems
from include.assistant.investigator import bearing, permitted
from include.assistant.investigator.bearing import spaced
from include.assistant.investigator.facts import Fact
from include.assistant.investigator.note import Claim, Note
from include.assistant.investigator.playbook import Playbook
from include.errors import at_most_ten

# A word with a digit in it: 0.71, 12,5 and 1e-05, but also 2013-06-01, C05 and v0.0.1.
TOKEN = re.compile(r"[^\s()\[\]{}<>\"'`|;:=/*]*\d[^\s()\[\]{}<>\"'`|;:=/*]*")
NUMBER = re.compile(r"[+\-−–]?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?([eE][+-]?\d+)?(%?)")
ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z+.-]*://[^\s<>\"']+")
OWN = 2  # words of a model's claim that are in no fact that it cites, at most
Facts = Mapping[str, Fact]


def wrong(note: Note, returned: Facts, book: Playbook) -> list[str]:
    """What is wrong with a note, in words; none if nothing is.

    Args:
        returned: what tools have returned, by id.
        book: whose causes, steps and proposals it may name.
    """
    texts = {permitted.LEFT_OUT, *offers(book)}
    found = [
        problem
        for claim in note.claims
        for problem in problems(claim, returned, own=claim.text in texts)
    ]
    return [
        *found,
        *loose(note, returned),
        *contrary(note, returned),
        *permitted.unasked(note, returned, book),
        *permitted.baseless(note, returned),
        *permitted.unspeakable(note, returned),
    ]


def contrary(note: Note, returned: Facts) -> Iterator[str]:
    """A headline that denies what the note cites below it."""
    cited = {citation.id for claim in note.claims for citation in claim.citations}
    facts = [returned[one] for one in sorted(cited & {*returned})]
    if bearing.denies(note.headline, facts, returned):
        yield f"The headline {note.headline!r} denies what the note cites."


def silent(note: Note, alarms: Mapping[str, str]) -> list[str]:
    """Whether a note says nothing of what failed, as text of others may ask of its writer.

    Args:
        alarms: id to sentence of the checks that failed.
    """
    cited = {citation.id for claim in note.claims for citation in claim.citations}
    if not alarms or cited & {*alarms}:
        return []
    return [f"The note cites none of the checks that failed: {at_most_ten(alarms)}."]


def wordy(note: Note, returned: Facts, book: Playbook) -> Iterator[str]:
    """Claims of a model with words of its own: it says which facts count, and no more than these.

    A claim that shares some words with a fact may ask for anything in the others.
    """
    for claim in note.claims:
        facts = [returned[one.id] for one in claim.citations if one.id in returned]
        held = {*stems(" ".join(map(bearing.values, facts)))}
        own = [*dict.fromkeys(stem for stem in stems(claim.text) if stem not in held)]
        if len(own) > OWN and claim.text not in offers(book):
            yield f"The claim {claim.text!r} says more than what it cites: {', '.join(own[:5])}."


def offers(book: Playbook) -> set[str]:
    """Why something is proposed, in the playbook's words."""
    return {rule.propose.text for rule in book.causes.values() if rule.propose}


def loose(note: Note, returned: Facts) -> Iterator[str]:
    """Numbers and addresses in what cites nothing by itself, and that no tool returned."""
    held = " ".join(fact.model_dump_json() + fact.said for fact in returned.values())
    for cause in note.causes:
        yield from strange(cause.title, held)
        yield from strange(cause.subject, held)
    for text in (note.headline, *note.next_steps):
        yield from strange(text, f"{held} {note.run}")


def strange(text: str, held: str) -> Iterator[str]:
    """What a text has that another one does not hold."""
    for token in unfounded(text, held):
        yield f"No tool returned {token}, which {text!r} has."
    for address in ADDRESS.findall(text):
        if address not in held:
            yield f"No tool returned the address {address}."


def problems(claim: Claim, returned: Facts, own: bool = False) -> Iterator[str]:
    """What is wrong with one claim.

    Args:
        own: whether its words are the playbook's, and no claim about a fact.
    """
    cited = {}
    for citation in claim.citations:
        fact = returned.get(citation.id)
        if fact is None:
            yield f"No tool returned {citation.id!r}, which {claim.text!r} cites."
        elif spaced(citation.quote) not in spaced(fact.said) or not citation.quote.strip():
            yield f"{citation.id} does not say {citation.quote!r}."
        elif bearing.short(citation, fact):
            yield f"{citation.quote!r} is too short a quote: take {bearing.WORDS} whole words."
        else:
            cited[citation.id] = fact
    if cited and not own:
        held = " ".join(fact.model_dump_json() + fact.said for fact in cited.values())
        for token in unfounded(claim.text, held):
            yield f"The number {token} of {claim.text!r} is in none of the facts that it cites."
        if reason := bearing.unrelated(claim, cited, returned):
            yield f"The claim {claim.text!r} {reason}."


def unfounded(text: str, held: str) -> list[str]:
    """The numbers, dates and names with digits of a text that another one does not hold."""
    known = {*tokens(held)}
    values = [value for token in known if (value := parsed(token)) is not None]
    return [t for t in tokens(text) if t not in known and not founded(t, values)]


def tokens(text: str) -> Iterator[str]:
    """The words of a text that have a digit."""
    for found in TOKEN.findall(text):
        if word := found.strip(".,!?…\\"):
            yield word


def founded(token: str, values: Iterable["Number"]) -> bool:
    """Whether a number is one of some, rounded as it is."""
    said = parsed(token)
    return said is not None and any(said.rounds(value) for value in values)


class Number:
    """A number as it was written: 12.5 % has a step of 0.001."""

    def __init__(self, value: Decimal, step: Decimal, percent: bool) -> None:
        self.value, self.step, self.percent = value, step, percent

    def rounds(self, other: "Number") -> bool:
        """Whether it is another one, rounded; the sign may be put into words."""
        near = abs(abs(self.value) - abs(other.value)) <= self.step / 2
        return near and self.step >= other.step


def parsed(token: str) -> Number | None:
    """A word as a number; None if it is none."""
    match = NUMBER.fullmatch(token)
    if not match:
        return None
    whole, part, power, percent = match.groups()
    try:
        value = Decimal(f"{whole.replace(',', '')}{part or ''}{power or ''}")
    except InvalidOperation:
        return None
    exponent = value.as_tuple().exponent
    step = Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)
    scale = Decimal("0.01") if percent else Decimal(1)
    return Number(value * scale, step * scale, bool(percent))
