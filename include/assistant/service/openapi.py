"""GET /openapi.json: what a client may send, and what it gets."""

from collections.abc import Mapping
from typing import Any

from include.assistant.service.asked import Feedback, Question
from include.serving.openapi import TEXT, Schema, got, posted
from include.serving.openapi import record as shaped

NUMBER: Schema = {"type": "number"}
INTEGER: Schema = {"type": "integer"}
TRUTH: Schema = {"type": "boolean"}
HIT = {
    **dict.fromkeys(("id", "source", "page", "section", "text", "licence", "url"), TEXT),
    "withheld": TEXT,  # why not all of it is there, or empty
    "titles": {"type": "array", "items": TEXT},
    **dict.fromkeys(("score", "cosine", "bm25"), NUMBER),
}
HITS = {
    "request_id": TEXT,
    "model": TEXT,
    "registered": {"type": ["string", "null"]},
    "hits": {"type": "array", "items": shaped(HIT, [*HIT])},
}
SENTENCE = {"text": TEXT, "citations": {"type": "array", "items": TEXT}}
DONE = {
    "request_id": TEXT,
    "refused": TRUTH,
    **dict.fromkeys(("reason", "cause", "provider", "language_model", "prompt"), TEXT),
    **dict.fromkeys(("confidence", "threshold", "cost", "latency_ms"), NUMBER),
    **dict.fromkeys(("tokens_in", "tokens_out"), INTEGER),
    **dict.fromkeys(("cached", "stood_in"), TRUTH),
}
ANSWER = {
    **HITS,
    "sentences": {"type": "array", "items": shaped(SENTENCE, [*SENTENCE])},
    **DONE,
}
THANKS = {"request_id": TEXT, "comment_kept": TRUTH}
# Of a stream; what is in its data is as in the answer in one piece.
EVENT = {
    "event": {"enum": ["hits", "sentence", "done", "error"]},
    "data": {**TEXT, "contentMediaType": "application/json"},
}


def document(name: str, version: str) -> dict[str, Any]:
    """The description of the service."""
    paths: dict[str, Any] = {
        "/ask": {"post": asked()},
        "/search": {"post": sent("/search", Question.model_json_schema(), HITS)},
        "/feedback": {"post": sent("/feedback", Feedback.model_json_schema(), THANKS)},
        "/schema": {"get": got("What to send, and who answers.", "application/json")},
        "/openapi.json": {"get": got("This description.", "application/json")},
        "/metrics": {"get": got("Numbers for Prometheus.", "text/plain")},
    }
    for path, meaning in (("/readyz", "Whether it can answer."), ("/livez", "Whether it runs.")):
        paths[path] = {"get": {**got(meaning, "text/plain"), "security": []}}
    return {
        "openapi": "3.1.0",
        "info": {"title": name, "version": version},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Refusal": shaped({"error": TEXT, "next": TEXT}, ["error", "next"])},
        },
    }


def asked() -> dict[str, Any]:
    """The operation that answers, as a stream of events unless JSON is asked for."""
    operation = sent("/ask", Question.model_json_schema(), ANSWER)
    kinds = operation["responses"]["200"]["content"]
    kinds["text/event-stream"] = {"schema": shaped(EVENT, [*EVENT])}
    return operation


def sent(path: str, body: Schema, reply: Mapping[str, Schema]) -> dict[str, Any]:
    """An operation that takes a body, with what it refuses in our words."""
    operation = posted(path, body, shaped(reply, [*reply]))
    operation["responses"]["400"]["description"] = "The body is not what is asked for."
    operation["responses"]["500"] = {
        **operation["responses"]["503"],
        "description": "The service failed; its log says why.",
    }
    return operation
