"""What a model writes of a note, and what of it is the playbook's, whatever the model says.

A model chooses: which facts count, which causes of the playbook they speak for, and what is
proposed. In words of its own it could ask whoever reads the note for anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import Field

from include.assistant.investigator import playbook as books
from include.assistant.investigator import writing
from include.assistant.investigator.evidence import Run, Strict
from include.assistant.investigator.facts import AnyFact, CheckFact
from include.assistant.investigator.leaving_out import leave_out
from include.assistant.investigator.note import (
    Action,
    Cause,
    Citation,
    Claim,
    Note,
    ProposedAction,
)
from include.assistant.investigator.orders import orders
from include.assistant.investigator.playbook import Playbook, Rule, Weighed
from include.assistant.investigator.tools import MOST, OfNumbers, Tools


class Chosen(Strict):
    """A cause of the playbook that something speaks for."""

    cause: str = Field(pattern=r"^[a-z][a-z_]{2,40}$", description="its name in the playbook")
    subject: str = Field(
        default="",
        max_length=1000,
        description="the column, value, group, stage or setting, as a fact names it",
    )
    claims: tuple[Claim, ...] = Field(min_length=1, max_length=10)


class Asked(Strict):
    """Something that a person may approve; why, says the playbook."""

    action: Action
    target: str = Field(min_length=1, max_length=300, description="task, stage or version")
    citations: tuple[Citation, ...] = Field(min_length=1, max_length=10)


class Draft(Strict):
    """What a model writes: which facts count, and which causes of the playbook they speak for.

    The headline, how likely a cause is, why something is proposed and what a person is to do next
    are the playbook's: text of others could ask for anything.
    """

    moved: tuple[Claim, ...] = Field(default=(), max_length=10)
    since: tuple[Claim, ...] = Field(default=(), max_length=3)
    for_whom: tuple[Claim, ...] = Field(default=(), max_length=5)
    causes: tuple[Chosen, ...] = Field(default=(), max_length=3, description="the likeliest first")
    proposals: tuple[Asked, ...] = Field(default=(), max_length=3)


@dataclass(frozen=True)
class Seen:
    """What the playbook sees in the run, whatever the model asks for.

    Args:
        weighed: the causes that something speaks for, by name.
        failed: the checks that failed.
        orders: those of the logs, which may speak against a proposal.
    """

    run: Run
    facts: Sequence[AnyFact]
    weighed: Mapping[str, Weighed]
    failed: Sequence[CheckFact]
    orders: Sequence[str]


def seen(tools: Tools, book: Playbook) -> Seen:
    """Look at what the playbook looks at, without its counting as asked by the model."""
    own = Tools(tools.evidence)
    facts = {fact.id: fact for look in book.look_at for fact in writing.looked(own, look)}
    return Seen(
        run=own.evidence.run(),
        facts=[*facts.values()],
        weighed={one.name: one for one in books.weigh(book, [*facts.values()])},
        failed=failed_of(own),
        orders=orders(own),
    )


def failed_of(tools: Tools) -> list[CheckFact]:
    """The checks that failed, whatever they are."""
    drift = tools.drift_of(OfNumbers(limit=MOST)).facts
    return [one for one in drift if isinstance(one, CheckFact) and one.state == "failed"]


def as_note(draft: Draft, by: str, book: Playbook, known: Seen) -> Note:
    """The note of a draft: headline, titles, weights, reasons and steps are the playbook's."""
    causes = tuple(cause(one, book, known) for one in draft.causes)
    rules = [book.causes[one.cause] for one in causes if one.cause in book.causes]
    named = [
        replace(known.weighed[one.cause], subject=one.subject)
        for one in causes
        if one.cause in known.weighed
    ]
    return Note(
        run=known.run.name,
        headline=writing.headline(known.facts, named),
        moved=draft.moved,
        since=draft.since,
        for_whom=draft.for_whom,
        causes=causes,
        next_steps=rules[0].next if rules else (),
        proposals=tuple(proposal(one, rules) for one in draft.proposals),
        written_by=by,
    )


def cause(one: Chosen, book: Playbook, known: Seen) -> Cause:
    """A cause by its name: its title and its weight are the playbook's."""
    rule, weighed = book.causes.get(one.cause), known.weighed.get(one.cause)
    return Cause(
        cause=one.cause,
        title=rule.title if rule else "",
        subject=one.subject,
        weight=round(weighed.share, 3) if weighed else 0.0,
        claims=one.claims,
    )


def proposal(asked: Asked, rules: Sequence[Rule]) -> ProposedAction:
    """What is proposed, with the playbook's reason."""
    offers = [rule.propose for rule in rules if rule.propose]
    texts = [offer.text for offer in offers if offer.action == asked.action]
    why = Claim(text=texts[0] if texts else asked.action, citations=asked.citations)
    return ProposedAction(action=asked.action, target=asked.target, why=why)


def complete(note: Note, tools: Tools, known: Seen) -> Note:
    """The note with each check that failed, also those of which its model says nothing."""
    told = {citation.id for claim in note.moved for citation in claim.citations}
    lacking = [fact for fact in known.failed if fact.id not in told]
    tools.returned |= {fact.id: fact for fact in lacking}
    held = note.model_copy(update={"moved": (*note.moved, *map(writing.as_claim, lacking))})
    return leave_out(held, tools)  # a report may hold words that nobody has checked yet
