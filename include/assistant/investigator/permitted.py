"""What a note may ask of a person: by the playbook or the end of a log, and what is measured.

And what none of its texts may be: links of its own, secrets, and words for a machine that reads.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from include.assistant.answering import forbidden
from include.assistant.answering.signs import latin
from include.assistant.investigator.evidence import Run
from include.assistant.investigator.facts import (
    ChangeFact,
    DocumentFact,
    Fact,
    LogFact,
    RunFact,
    troubled,
)
from include.assistant.investigator.note import Note
from include.assistant.investigator.orders import last
from include.assistant.investigator.playbook import Playbook, Weighed
from include.assistant.investigator.secrets import scrambled
from include.errors import at_most_ten

LEFT_OUT = "Words that are not to be shown are left out of this note."


def unasked(note: Note, returned: Mapping[str, Fact], book: Playbook) -> Iterator[str]:
    """What a note has in the place of the playbook's words, or of a log's order."""
    said = {last([fact]) for fact in returned.values() if isinstance(fact, LogFact)}
    rules = [book.causes[one.cause] for one in note.causes if one.cause in book.causes]
    for one in note.causes:
        rule = book.causes.get(one.cause)
        if rule is None:
            yield f"The playbook has no cause {one.cause!r}."
        elif one.title != rule.title:
            yield f"The cause {one.cause} is called {rule.title!r}."
    for step in note.next_steps:
        if step not in {*said, *(held for rule in rules for held in rule.next)}:
            yield f"The playbook has no step {step!r} for what the note names as a cause."
    for asked in note.proposals:
        if not any(rule.propose and rule.propose.action == asked.action for rule in rules):
            yield f"The playbook proposes no {asked.action} for what the note names as a cause."


def unfounded(
    note: Note, returned: Mapping[str, Fact], weighed: Mapping[str, Weighed]
) -> Iterator[str]:
    """Causes that nothing speaks for, or whose claims cite something else; and made-up subjects.

    Args:
        weighed: the causes that something speaks for, by name.
    """
    names = {name for fact in returned.values() for name in named(fact)}
    for one in note.causes:
        cited = {citation.id for claim in one.claims for citation in claim.citations}
        speaking = [fact.id for fact in weighed[one.cause].facts] if one.cause in weighed else []
        if not speaking:
            yield f"Nothing speaks for the cause {one.cause}."
        elif not cited & {*speaking}:
            ids = at_most_ten(speaking)
            yield f"The cause {one.cause} cites nothing that speaks for it, as {ids} does."
        if one.subject not in names and not {*one.subject.split(", ")} <= {*names, ""}:
            yield f"No fact names the subject {one.subject!r}: leave it empty."


def named(fact: Fact) -> Iterator[str]:
    """What a fact names that a cause may have befallen."""
    held = (getattr(fact, field, "") for field in ("name", "stage", "task", "dag_id"))
    yield from (str(name) for name in held if name)
    yield from getattr(fact, "subjects", ())


def unfit(
    note: Note, weighed: Mapping[str, Weighed], run: Run, orders: Sequence[str]
) -> Iterator[str]:
    """Proposals that cannot be carried out, or against which the log of the run speaks."""
    offers = [weighed[one.cause].rule.propose for one in note.causes if one.cause in weighed]
    for one in note.proposals:
        if not any(o and o.action == one.action and o.fits(run, orders) for o in offers):
            yield f"To {one.action} is nothing for this run as it is, or its log asks for another."


def baseless(note: Note, returned: Mapping[str, Fact]) -> Iterator[str]:
    """Proposals about nothing that is known, or on the word of a log, a document or a name."""
    known = {held for fact in returned.values() for held in targets(fact)}
    for one in note.proposals:
        cited = [returned.get(citation.id) for citation in one.why.citations]
        if one.target not in known:
            yield f"The proposal to {one.action} {one.target!r} is of nothing that is known."
        if not any(fact and troubled(fact) for fact in cited):
            yield f"The proposal to {one.action} {one.target!r} cites nothing that failed."


def targets(fact: Fact) -> tuple[str, ...]:
    """What a proposal may be about, of what a fact names."""
    if isinstance(fact, RunFact):
        return fact.name, fact.run_id, fact.dag_id
    return (fact.stage,) if isinstance(fact, ChangeFact) else ()


def unspeakable(note: Note, returned: Mapping[str, Fact]) -> Iterator[str]:
    """Texts of a note that are not to be shown; what they are is not told again."""
    refuse = refusing(returned)
    titles = [text for one in note.causes for text in (one.title, one.subject)]
    texts = [note.headline, *titles, *note.next_steps, *(one.text for one in note.claims)]
    quotes = [citation.quote for one in note.claims for citation in one.citations]
    for reason in (*map(refuse, texts), *(refuse(quote, quoted=True) for quote in quotes)):
        if reason:
            yield f"A text of the note is not to be shown: {reason}."


class Refusing(Protocol):
    """What says of a text why it is not to be shown, else ''."""

    def __call__(self, text: str, quoted: bool = False) -> str:
        """Why.

        Args:
            quoted: whether it is told as the words of another, whose links are not the note's.
        """


def refusing(returned: Mapping[str, Fact]) -> Refusing:
    """What knows the texts that are not to be shown.

    Args:
        returned: what tools have returned, by id.
    """
    names = sorted({n for fact in returned.values() for n in targets(fact) if n}, key=len)
    read = [fact for fact in returned.values() if isinstance(fact, DocumentFact)]
    sources = [text for fact in read for text in (fact.said, fact.url, fact.page)]

    def reason(text: str, quoted: bool = False) -> str:
        bare = text
        for name in reversed(names):  # a run may be called as a token is, also one of another DAG
            bare = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "", bare)
        bare = forbidden.MIXED.sub(lambda found: found[0] if scrambled(found[0]) else "", bare)
        told = forbidden.in_answer(bare, [*sources, bare] if quoted else sources)
        return told or speaking(text)

    return reason


def speaking(text: str) -> str:
    """Why a text is not to be shown, if it is for a machine that reads it; else ''."""
    found = forbidden.ORDERS.search(text) or forbidden.ORDERS.search(latin(text))
    return "it speaks to the machine that reads it" if found else ""
