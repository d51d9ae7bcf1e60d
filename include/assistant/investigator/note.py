"""A note on an incident: what moved, since when, for whom, why, and what next; each claim cited."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from include.assistant.investigator.evidence import Strict

Action = Literal["clear", "retrain", "roll_back"]
# What is measured; logs and documents are the words of others, and found no proposal.
MEASURED = ("window:", "check:", "signal:", "change:", "slice:", "column:", "metric:", "run:")


class Citation(Strict):
    """Where a claim comes from.

    Args:
        quote: words of the fact, as they stand there.
    """

    id: str = Field(description="id of a fact that a tool returned")
    quote: str = Field(min_length=1, description="words of that fact, exactly as they stand there")


class Claim(Strict):
    """One sentence that facts bear out."""

    text: str = Field(min_length=1, max_length=2000)
    citations: tuple[Citation, ...] = Field(min_length=1, max_length=10)


class Cause(Strict):
    """Something that may be why, with what speaks for it.

    Args:
        weight: its share of all that speaks for some cause, 0..1; no probability.
    """

    cause: str = Field(pattern=r"^[a-z][a-z_]{2,40}$", description="its name in the playbook")
    title: str = Field(max_length=300)
    subject: str = Field(
        default="", max_length=1000, description="the column, value, group, stage or setting"
    )
    weight: float = Field(ge=0, le=1)
    claims: tuple[Claim, ...] = Field(min_length=1, max_length=10)


class ProposedAction(Strict):
    """Something that a person may approve; nothing here carries it out."""

    action: Action
    target: str = Field(min_length=1, max_length=300, description="task, stage or version")
    why: Claim


class Note(Strict):
    """The note on one run.

    Args:
        written_by: playbook, or the model that wrote it.
        reason: why it was not the model, where that was asked for.
    """

    run: str
    headline: str
    moved: tuple[Claim, ...] = ()
    since: tuple[Claim, ...] = ()
    for_whom: tuple[Claim, ...] = ()
    causes: tuple[Cause, ...] = ()
    next_steps: tuple[str, ...] = ()
    look_up: tuple[Claim, ...] = ()
    proposals: tuple[ProposedAction, ...] = ()
    written_by: str = "playbook"
    reason: str = ""

    @property
    def claims(self) -> Iterable[Claim]:
        """All claims, in their order."""
        yield from (*self.moved, *self.since, *self.for_whom)
        for cause in self.causes:
            yield from cause.claims
        yield from self.look_up
        yield from (one.why for one in self.proposals)


def cite(text: str, *cited: tuple[str, str]) -> Claim:
    """A claim, with the ids and quotes that bear it out."""
    return Claim(text=text, citations=tuple(Citation(id=i, quote=q) for i, q in cited))
