"""The lines of a log of questions as tables: one row for each question, reply, and word of thanks.

The log is one of include.serving.journal, written by include/assistant/service. What a question
said is in it only if words are kept; its vector is, from which nobody reads them.
"""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from include.monitoring import journal_lines
from include.monitoring.journal_lines import REPLY, Reply

SEARCH, FEEDBACK = b'{"kind":"search",', b'{"kind":"feedback",'
AT = pl.Datetime("us", "UTC")
QUESTIONS = {
    "at": AT,
    "id": pl.String(),
    "kind": pl.String(),  # ask, or search: who only wants passages
    "model": pl.String(),  # name and version of the bento
    "encoder": pl.String(),  # what read the question; null in lines of before it was told
    "nearest": pl.String(),  # id of the passage that was found first; null if none was
    "vector": pl.Binary(),  # a signed byte a dimension, of any length
    "question": pl.String(),  # null unless words are kept
    "latency_ms": pl.Float64(),
    # Null for a search:
    "refused": pl.Boolean(),
    "cause": pl.String(),
    "confidence": pl.Float64(),
    "citations_failed": pl.Boolean(),
    "provider": pl.String(),
    "language_model": pl.String(),
    "prompt": pl.String(),
    "tokens_in": pl.Int64(),
    "tokens_out": pl.Int64(),
    "cost": pl.Float64(),
    "cached": pl.Boolean(),
    "stood_in": pl.Boolean(),  # whether sentences of the passages stand in for a model that failed
}
LATER = frozenset({"encoder", "stood_in"})  # null where a log is older than these columns
FEEDBACKS = {"at": AT, "id": pl.String(), "useful": pl.Boolean()}
MOST_DIMENSIONS, MOST_TOKENS = 4096, 10**9
MOST_MS, MOST_COST = 10.0**9, 10.0**9  # beyond them a sum is no longer a number


class Line(BaseModel):
    """What each line has. A newer service may say more."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: str = Field(min_length=1, max_length=64)
    at: AwareDatetime


class Packed(BaseModel):
    """A vector in a byte a dimension: its direction, and its largest number."""

    model_config = ConfigDict(extra="ignore", strict=True)

    int8: str

    @field_validator("int8")
    @classmethod
    def is_direction(cls, text: str) -> str:
        found = np.frombuffer(base64.b64decode(text, validate=True), np.int8)
        if not found.any() or len(found) > MOST_DIMENSIONS:
            raise ValueError("it is not the base64 of some signed bytes that are not all 0")
        return text


class Search(Line):
    """A question for which passages were wanted."""

    kind: Literal["search"]
    model: str
    encoder: str | None = Field(default=None, max_length=64)
    hits: list[tuple[str, float, float]]
    vector: Packed | None = None
    question: str | None = None
    latency_ms: float = Field(ge=0, le=MOST_MS, allow_inf_nan=False)


class Ask(Search):
    """A question, and what became of it."""

    kind: Literal["ask"]  # type: ignore[assignment]
    refused: bool
    cause: str
    confidence: float = Field(ge=0, le=1, allow_inf_nan=False)
    citations_failed: bool
    provider: str
    language_model: str
    prompt: str
    tokens_in: int = Field(ge=0, le=MOST_TOKENS)
    tokens_out: int = Field(ge=0, le=MOST_TOKENS)
    cost: float = Field(ge=0, le=MOST_COST, allow_inf_nan=False)
    cached: bool
    stood_in: bool = False  # older services do not say so


class Feedback(Line):
    """What somebody thought of an answer, by the id of its request."""

    kind: Literal["feedback"]
    useful: bool


@dataclass
class Lines(journal_lines.Lines):
    """What whole lines of one file hold, and which cannot be read; rows are of questions.

    Args:
        after: of each that cannot be read, the time of the last line before it that can.
    """

    feedbacks: list[dict[str, Any]] = field(default_factory=list)
    after: list[datetime | None] = field(default_factory=list)

    def take(self, line: bytes) -> datetime:
        """Put a line where it belongs, and return its time."""
        if line.startswith(FEEDBACK):
            where, row = self.feedbacks, row_of(Feedback.model_validate_json(line))
        elif line.startswith(REPLY):
            where, row = self.replies, row_of(Reply.model_validate_json(line))
        else:
            kind = Search if line.startswith(SEARCH) else Ask
            where, row = self.rows, question_row(kind.model_validate_json(line))
        where.append(row)
        at: datetime = row["at"]
        return at


def read_lines(data: bytes) -> Lines:
    """Read what ends in an end of a line."""
    found, last = Lines(), None
    for found.count, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            last = found.take(line)
        except ValueError as error:
            found.faults.append((found.count, why(error), line))
            found.after.append(last)
    return found


def why(error: ValueError) -> str:
    """Why a line cannot be read, without what stands in it."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}".lstrip(": ")


def question_row(line: Search) -> dict[str, Any]:
    """The row of a question."""
    row = row_of(line)
    hits, vector = row.pop("hits"), row.pop("vector")
    row["nearest"] = hits[0][0] if hits else None
    row["vector"] = None if vector is None else base64.b64decode(vector["int8"])
    return row


def row_of(line: BaseModel) -> dict[str, Any]:
    """A line as a row, with its time in UTC.

    Raises:
        ValueError: its time is of no year from 1 to 9999 there.
    """
    row = line.model_dump()
    try:
        return {**row, "at": row["at"].astimezone(UTC)}
    except OverflowError as error:
        raise ValueError(f"at: in UTC there is no such time: {error}") from None


def table_of(rows: list[dict[str, Any]], schema: dict[str, Any]) -> pl.DataFrame:
    """Rows as a table; what a row lacks is null there."""
    columns = {name: [row.get(name) for row in rows] for name in schema}
    return pl.DataFrame(columns, schema=schema)
