"""One question on its way through the service: as it was read, found for, and answered."""

from dataclasses import dataclass
from datetime import datetime

from opentelemetry.trace import Span

from include.assistant.answering.answer import Answer
from include.assistant.passages import Hit
from include.assistant.retrieval.encoder import Vector
from include.assistant.service.asked import Question


@dataclass(frozen=True)
class Asked:
    """A question that was read and checked."""

    request_id: str
    question: Question
    at: datetime  # by the clock of the service
    span: Span  # of the request


@dataclass(frozen=True)
class Found:
    """What the search found for it."""

    hits: list[Hit]
    vector: Vector  # of the question, of unit length
    milliseconds: float  # from the moment that it was read


@dataclass(frozen=True)
class Answered:
    """The answer to it."""

    answer: Answer
    milliseconds: float  # from the moment that it was read
