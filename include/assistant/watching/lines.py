"""The lines of a log of questions: what the service writes, and what is read of them as tables.

A log file is one of include.serving.journal, with three kinds of lines: a question and what became
of it, what a person thought of an answer, and how a request was replied to. What a question said
is no part of it, unless it was asked for; its direction is, from which nobody reads the words.
"""

import base64
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import to_json

from include.monitoring.journal_lines import REPLIES, REPLY, Reply

FEEDBACK = b'{"kind":"feedback",'
AT = pl.Datetime("us", "UTC")
QUESTIONS = {
    "at": AT,
    "id": pl.String(),
    "question": pl.String(),
    "vector": pl.Binary(),
    "refused": pl.Boolean(),
    "cause": pl.String(),
    "confidence": pl.Float64(),
    "sentences": pl.Int32(),
    "citations_failed": pl.Int32(),
    "ms": pl.Float64(),
    "tokens_in": pl.Int64(),
    "tokens_out": pl.Int64(),
    "cost": pl.Float64(),
    "provider": pl.String(),
    "model": pl.String(),
    "prompt": pl.String(),
    "cached": pl.Boolean(),
}
FEEDBACKS = {"at": AT, "id": pl.String(), "helpful": pl.Boolean()}
FAULTS = {"at": AT, "line": pl.Int64(), "reason": pl.String()}
MOST_DIMENSIONS = 4096


class Question(BaseModel):
    """A question, and what became of it; the fields that an answer has mean what they mean there."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["question"] = "question"
    id: str = Field(min_length=1, max_length=64, description="of the request")
    at: AwareDatetime = Field(description="when it came")
    question: str | None = Field(default=None, description="its text, if texts are kept")
    vector: str | None = Field(default=None, description="its embedding: `direction` of it")
    refused: bool
    cause: str = Field(max_length=40, description="why it was refused, else empty")
    confidence: float = Field(ge=0, le=1)
    sentences: int = Field(ge=0, description="of the answer")
    citations_failed: int = Field(ge=0, description="sentences whose citations do not support them")
    ms: float = Field(ge=0, allow_inf_nan=False, description="milliseconds to the whole answer")
    tokens_in: int = Field(ge=0)
    tokens_out: int = Field(ge=0)
    cost: float = Field(ge=0, allow_inf_nan=False, description="in the currency of the prices")
    provider: str = Field(min_length=1, max_length=200)
    model: str = Field(max_length=200)
    prompt: str = Field(max_length=200)
    cached: bool

    @field_validator("vector")
    @classmethod
    def is_direction(cls, text: str | None) -> str | None:
        if text is not None:
            found = np.frombuffer(base64.b64decode(text, validate=True), np.int8)
            if not found.any() or len(found) > MOST_DIMENSIONS:
                raise ValueError("a vector is the base64 of some signed bytes that are not all 0")
        return text


class Feedback(BaseModel):
    """What a person thought of an answer."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["feedback"] = "feedback"
    at: AwareDatetime
    id: str = Field(min_length=1, max_length=64, description="of the request that it is about")
    helpful: bool


@dataclass
class Lines:
    """What whole lines of one file hold, and which of them cannot be read.

    Args:
        faults: number of the line (the first is 1), what is wrong with it, and the line.
    """

    count: int = 0
    questions: list[dict[str, Any]] = field(default_factory=list)
    feedbacks: list[dict[str, Any]] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)
    faults: list[tuple[int, str, bytes]] = field(default_factory=list)

    def take(self, line: bytes) -> None:
        """Put a line where it belongs."""
        if line.startswith(FEEDBACK):
            self.feedbacks.append(row_of(Feedback.model_validate_json(line)))
        elif line.startswith(REPLY):
            self.replies.append(row_of(Reply.model_validate_json(line)))
        else:
            row = row_of(Question.model_validate_json(line))
            text = row["vector"]
            row["vector"] = None if text is None else base64.b64decode(text)
            self.questions.append(row)

    def tables(self) -> dict[str, pl.DataFrame]:
        """The lines that can be read, by the folder of each kind."""
        return {
            "": pl.DataFrame(self.questions, schema=QUESTIONS),
            "feedback": pl.DataFrame(self.feedbacks, schema=FEEDBACKS),
            "requests": pl.DataFrame(self.replies, schema=REPLIES),
        }


def read_lines(data: bytes) -> Lines:
    """Read what ends in an end of a line."""
    found = Lines()
    for found.count, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            found.take(line)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            found.faults.append((found.count, f"{where}: {first['msg']}".lstrip(": "), line))
    return found


def row_of(line: BaseModel) -> dict[str, Any]:
    """A line as a row, with its time in UTC."""
    row = line.model_dump(exclude={"kind"})
    return {**row, "at": row["at"].astimezone(UTC)}


def line_of(told: Question | Feedback) -> bytes:
    """A line of the log, for `Journal.append`."""
    return to_json(told, exclude_none=True) + b"\n"


def direction(vector: np.ndarray[Any, np.dtype[np.floating[Any]]]) -> str:
    """An embedding in a byte a dimension: its direction to a hundredth, and not its length."""
    most = float(np.abs(vector).max())
    small = np.rint(vector * (127 / most)) if most else np.zeros(len(vector))
    return base64.b64encode(small.astype(np.int8).tobytes()).decode()
