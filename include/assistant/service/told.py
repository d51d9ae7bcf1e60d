"""One question on its way through the service: as it was read, found for, and answered."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from opentelemetry.trace import Span

from include.assistant.answering import forbidden
from include.assistant.answering.answer import OUTAGES, Answer, Cause
from include.assistant.passages import Hit
from include.assistant.retrieval.encoder import Vector
from include.assistant.service.asked import Question
from include.assistant.service.packaged import Packaged


@dataclass(frozen=True)
class Asked:
    """A question that was read and checked."""

    request_id: str
    question: Question
    at: datetime  # by the clock of the service
    by: Packaged  # who answers, to the end
    span: Span  # of the request


@dataclass(frozen=True)
class Found:
    """What the search found for it."""

    hits: list[Hit]
    shown: list[dict[str, Any]]  # of each hit, what a client may see
    vector: Vector  # of the question, of unit length
    milliseconds: float  # from the moment that it was read


def shown(hit: Hit) -> dict[str, Any]:
    """A passage as a client may see it; `withheld` says why not all of it, or is empty."""
    seen, reason = forbidden.readable(hit)
    return {**asdict(seen), "withheld": reason}


@dataclass(frozen=True)
class Answered:
    """The answer to it."""

    answer: Answer
    milliseconds: float  # from the moment that it was read

    @property
    def reason(self) -> str:
        """Why it was refused, for whoever asked: what a model server says is for the log alone."""
        if self.answer.cause == "provider":
            return "The model did not answer as it should."
        if self.answer.cause == "budget":
            return "What models may cost is spent for now."
        return self.answer.reason


def called(answer: Answer) -> bool:
    """Whether a model was called for an answer, or such a call was kept."""
    used = answer.cached or bool(answer.tokens_in) or failure(answer) == "provider"
    return bool(answer.model) and used


def failure(answer: Answer) -> Cause:
    """What befell the model that was asked, whether or not sentences stand in for it; else ''."""
    return answer.stood_in or (answer.cause if answer.cause in OUTAGES else "")
