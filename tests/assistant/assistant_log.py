"""A log of questions as the service writes it, and an index of three sections, for tests."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from include.assistant.passages import SCHEMA
from include.assistant.watching.journal import convert
from include.serving.journal import Journal, reply_line

MONDAY = datetime(2026, 6, 1, 9, tzinfo=UTC)
DIMENSIONS = 8


def packed(vector: np.ndarray) -> dict:
    """A vector in one byte a number."""
    largest = float(np.abs(vector).max())
    numbers = np.rint(vector / largest * 127).astype(np.int8)
    return {"largest": largest, "int8": base64.b64encode(numbers.tobytes()).decode()}


def ask(number: int = 0, at: datetime = MONDAY, **said: object) -> dict:
    """What a line of a question says: an answer, unless told otherwise."""
    vector = np.random.default_rng(number).normal(size=DIMENSIONS)
    told: dict[str, object] = {"kind": "ask", "id": f"q{number}", "at": at.isoformat()}
    told |= {
        "model": "assistant:1",
        "encoder": "0a1b2c3d4e5f",
        "hits": [["p1", 1.2, 0.9]],
        "vector": packed(vector),
    }
    told |= {"refused": False, "cause": "", "confidence": 0.9, "sentences": 2, "citations": 2}
    told |= {"citations_failed": False, "provider": "extractive", "language_model": ""}
    told |= {"prompt": "", "tokens_in": 100, "tokens_out": 20, "cost": 0.01, "cached": False}
    told |= {"search_ms": 4.0, "latency_ms": 10.0, "question": None, "answer": None}
    return told | said


def refused(number: int = 0, at: datetime = MONDAY, **said: object) -> dict:
    """A question that is refused since nothing is like it."""
    return ask(number, at, **{"refused": True, "cause": "confidence", "sentences": 0, **said})


def feedback(number: int, useful: bool, at: datetime = MONDAY) -> dict:
    """What somebody thought of the answer to a question."""
    told = {"kind": "feedback", "id": f"q{number}", "at": at.isoformat()}
    return told | {"useful": useful, "comment": None}


def reply(status: int = 200, at: datetime = MONDAY, ms: float = 12.0) -> dict:
    """How a request was replied to."""
    return dict(json.loads(reply_line(at, "/ask", status, ms / 1000)))


def line(told: dict) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def week(number: int) -> datetime:
    """Monday morning of a week, the first being that of MONDAY."""
    return MONDAY + timedelta(weeks=number)


def logged(folder: Path, *told: dict | bytes) -> Path:
    """A log with these lines, as Parquet."""
    journal = Journal(folder / "log")
    for one in told:
        journal.append(line(one) if isinstance(one, dict) else one)
    journal.close()
    convert(folder / "log", folder / "parquet")
    return folder / "parquet"


def small_index(folder: Path) -> Path:
    """An index of three passages of two sections."""
    titles = {"p1": ["Serving", "The token"], "p2": ["Serving", "The token"], "p3": ["Drift"]}
    rows = [
        {
            **dict.fromkeys(("licence", "text", "url"), ""),
            **{"id": name, "source": "leeway", "page": f"{held[0].lower()}.md", "titles": held},
            **{"section": "-".join(held), "position": 0, "tokens": 9, "masked": 0},
        }
        for name, held in titles.items()
    ]
    folder.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows, schema=SCHEMA).write_parquet(folder / "passages.parquet")
    return folder
