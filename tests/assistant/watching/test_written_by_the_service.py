"""What the service writes into its log is what watching reads."""

from types import SimpleNamespace

import numpy as np
from assistant_log import MONDAY

from include.assistant.answering.answer import Answer
from include.assistant.service.asked import Feedback
from include.assistant.service.record import Record
from include.assistant.watching.journal import convert
from include.monitoring.journal import scan

REFUSED = Answer(
    question="Who am I?",
    sentences=(),
    refused=True,
    reason="Nothing is like it.",
    confidence=0.1,
    hits=(),
    provider="extractive",
    model="",
    prompt="",
    tokens_in=0,
    tokens_out=0,
    cost=0.0,
    cached=False,
    cause="confidence",
)


def test_each_kind_of_line_of_the_service_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("LEEWAY_SERVE_LOG", str(tmp_path / "log"))
    monkeypatch.delenv("LEEWAY_SERVE_LOG_WORDS", raising=False)
    by = SimpleNamespace(version="assistant:1", encoder="0a1b2c3d4e5f")
    question = SimpleNamespace(question="Who am I?")
    asked = SimpleNamespace(request_id="q1", question=question, at=MONDAY, by=by)
    hit = SimpleNamespace(id="p1", score=0.5, cosine=0.25)
    vector = np.array([0.6, -0.8], np.float32)
    found = SimpleNamespace(hits=[hit], vector=vector, milliseconds=4.0)
    record = Record()
    record.ask(asked, found, SimpleNamespace(answer=REFUSED, milliseconds=12.0))
    record.search(asked, found)
    record.feedback(MONDAY, Feedback(request_id="q1", useful=False, comment="no"))
    record.replied(MONDAY, "/ask", 200, 0.0125)
    record.close()
    [read] = convert(tmp_path / "log", tmp_path / "parquet").values()
    assert (read.lines, read.rows, read.quarantined) == (4, 2, 0)
    told, _ = scan(tmp_path / "parquet").collect().rows(named=True)
    told["vector"] = [*np.frombuffer(told["vector"], np.int8)]
    assert {name: held for name, held in told.items() if held not in (None, "")} == {
        "at": MONDAY,
        "id": "q1",
        "kind": "ask",
        "model": "assistant:1",
        "encoder": "0a1b2c3d4e5f",
        "nearest": "p1",
        "vector": [95, -127],
        "latency_ms": 12.0,
        "refused": True,
        "cause": "confidence",
        "confidence": 0.1,
        "citations_failed": False,
        "provider": "extractive",
        "tokens_in": 0,
        "tokens_out": 0,
        "cost": 0.0,
        "cached": False,
        "stood_in": False,
    }
