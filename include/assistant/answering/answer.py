"""What an answer is, and what gives one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from include.assistant.passages import Hit

# Why an answer was refused, for programs: the hits are too unlike the question; a sentence is not
# what its citation says; a sentence holds what none may (a secret, a link of its own, an action);
# the provider failed; the budget of the run is spent.
Cause = Literal["", "confidence", "unsupported", "forbidden", "provider", "budget"]
OUTAGES: tuple[Cause, ...] = ("provider", "budget")  # which say nothing of question and documents


@dataclass(frozen=True)
class Sentence:
    """One sentence of an answer, and the passages that say so."""

    text: str
    citations: tuple[str, ...]  # ids of hits, the best first; never empty in an answer


@dataclass(frozen=True)
class Answer:
    """Sentences with their citations, or why there are none."""

    question: str
    sentences: tuple[Sentence, ...]  # in reading order; empty if refused
    refused: bool
    reason: str  # for people: why it was refused, else ""
    confidence: float  # 0..1, that the hits answer the question; calibrate_refusal fits it
    hits: tuple[Hit, ...]  # what was found, the best first; citations are among them
    provider: str  # of the sentences: extractive, or endpoint
    model: str  # that was asked, as the endpoint names it; else ""
    prompt: str  # name@sha of the prompt file, else ""
    tokens_in: int  # of the call when it was made, with all its tries
    tokens_out: int
    cost: float  # paid for this answer, in the currency of the prices
    cached: bool  # whether the same call was kept: then nothing was paid now
    cause: Cause = ""  # of a refusal
    call_cost: float = 0.0  # of the call when it was made
    stood_in: Cause = ""  # what befell a model for which sentences of the passages stand in
    fault: str = ""  # of that model, in words for the log alone

    def cited(self) -> tuple[Hit, ...]:
        """The hits that the sentences cite, in the order of the hits."""
        ids = {id for sentence in self.sentences for id in sentence.citations}
        return tuple(hit for hit in self.hits if hit.id in ids)


class Answerer(Protocol):
    """Whoever answers from what was found. Safe to call from several threads at a time."""

    def answer(self, question: str, hits: Sequence[Hit]) -> Answer:
        """Answer from the hits alone, or refuse; a fault of the provider is a refusal too."""
        ...


def refused(answer: Answer, cause: Cause, reason: str) -> Answer:
    """The answer without its sentences; what it cost stays."""
    return replace(answer, sentences=(), refused=True, cause=cause, reason=reason)
