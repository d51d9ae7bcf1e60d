"""The log of questions: each is on record before its answer leaves. In numbers, unless told.

A line is JSON, in the files of include/serving/journal.py. `docs/assistant.md` says what it holds:

- `ask`: a question that was answered, or refused; `search`: one that only wanted passages;
- `feedback`: what somebody thought of an answer, by its request;
- `reply`: how a request was replied to, and how long it took.
"""

import base64
import contextlib
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from include.assistant.service.asked import Feedback
from include.assistant.service.told import Answered, Asked, Found
from include.serving.journal import Journal, NotLogged, reply_line
from include.serving.manifest import log
from include.serving.places import LOG
from include.serving.record import SYNC

WORDS = "LEEWAY_SERVE_LOG_WORDS"  # 1: questions, answers and comments are kept as they are
LEVELS = 127  # of a number of a vector, on each side of zero


class Record:
    """The log of one worker, if LEEWAY_SERVE_LOG names a folder for it.

    Raises:
        NotLogged: the folder cannot be written to.
    """

    def __init__(self) -> None:
        folder = os.environ.get(LOG, "").strip()
        sync = os.environ.get(SYNC) == "1"
        self.journal = Journal(Path(folder), sync=sync) if folder else None
        # Without a log there are none to keep.
        self.keeps_words = self.journal is not None and os.environ.get(WORDS) == "1"
        if self.journal is None:
            log.warning("Questions are not logged: %s names no folder for them", LOG)

    def ask(self, asked: Asked, found: Found, answered: Answered) -> None:
        """Put a question on record that was answered, or refused.

        Raises:
            NotLogged: it cannot be, so the answer must not be told.
        """
        answer = answered.answer
        words = {"question": answer.question, "answer": [said.text for said in answer.sentences]}
        line: dict[str, object] = {
            **begun("ask", asked, found),
            "refused": answer.refused,
            "cause": answer.cause,
            "confidence": answer.confidence,
            "sentences": len(answer.sentences),
            "citations": sum(len(said.citations) for said in answer.sentences),
            "citations_failed": answer.cause == "unsupported",
            "provider": answer.provider,
            "language_model": answer.model,
            "prompt": answer.prompt,
            "tokens_in": answer.tokens_in,
            "tokens_out": answer.tokens_out,
            "cost": answer.cost,
            "cached": answer.cached,
            "stood_in": bool(answer.stood_in),
            "search_ms": round(found.milliseconds, 3),
            "latency_ms": round(answered.milliseconds, 3),
        }
        self.write(line | (words if self.keeps_words else dict.fromkeys(words)))

    def search(self, asked: Asked, found: Found) -> None:
        """Put a question on record that only wanted passages.

        Raises:
            NotLogged: it cannot be.
        """
        line = {
            **begun("search", asked, found),
            "latency_ms": round(found.milliseconds, 3),
            "question": asked.question.question if self.keeps_words else None,
        }
        self.write(line)

    def feedback(self, at: datetime, feedback: Feedback) -> None:
        """Put on record what somebody thought of an answer.

        Raises:
            NotLogged: it cannot be.
        """
        comment = feedback.comment if self.keeps_words else ""
        about = {"kind": "feedback", "id": feedback.request_id, "at": at}
        self.write({**about, "useful": feedback.useful, "comment": comment or None})

    def write(self, line: Mapping[str, object]) -> None:
        """Put a line on record."""
        if self.journal is not None:
            self.journal.append(to_json(line, inf_nan_mode="null") + b"\n")

    def replied(self, at: datetime, path: str, status: int, seconds: float) -> None:
        """Put on record how a request was replied to, or leave it out: the reply is made."""
        if self.journal is not None:
            with contextlib.suppress(NotLogged):
                self.journal.append(reply_line(at, path, status, seconds), awaited=False)

    def close(self) -> None:
        """Mark the file as closed."""
        if self.journal is not None:
            self.journal.close()


def begun(kind: str, asked: Asked, found: Found) -> dict[str, object]:
    """What the line of a question begins with, whether or not it was to be answered."""
    return {
        "kind": kind,
        "id": asked.request_id,
        "at": asked.at,
        "model": asked.by.version,
        "encoder": asked.by.encoder,
        "hits": [[hit.id, round(hit.score, 6), round(hit.cosine, 6)] for hit in found.hits],
        "vector": packed(found.vector),
    }


def packed(vector: NDArray[np.float32]) -> dict[str, object]:
    """A vector in one byte a number: the largest number, which is 127, and the bytes in base64."""
    largest = float(np.abs(vector).max())
    numbers = np.rint(vector / (largest or 1.0) * LEVELS).astype(np.int8)
    return {"largest": largest, "int8": base64.b64encode(numbers.tobytes()).decode()}


def unpacked(held: dict[str, object]) -> NDArray[np.float32]:
    """The vector that `packed` made, each number off by less than 1/254 of the largest."""
    numbers = np.frombuffer(base64.b64decode(str(held["int8"])), dtype=np.int8)
    return numbers.astype(np.float32) * np.float32(float(str(held["largest"])) / LEVELS)
