"""A stand-in for the service of the assistant: it answers by rote, as the real one would."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

TOKEN = "a-token-that-no-browser-sees"
MARKUP = "<img src=x onerror=alert(1)>"
HITS: list[dict[str, Any]] = [
    {
        "id": name,
        "source": "guide",
        "page": f"{name}.md",
        "section": name,
        "titles": ["Guide", f"{name} {MARKUP}"],
        "text": f"All of {name}.",
        "withheld": "it holds what looks like a secret" if name == "pools" else "",
        "licence": "Apache-2.0",
        "url": url,
        "score": 1.0,
        "cosine": 0.9,
        "bm25": 2.0,
    }
    for name, url in (("retries", "https://example.org/retries"), ("pools", "javascript:alert(1)"))
]
DONE: dict[str, Any] = {
    "request_id": "r1",
    "refused": False,
    "reason": "",
    "cause": "",
    "confidence": 0.9,
    "provider": "extractive",
    "prompt": "",
    "tokens_in": 0,
    "tokens_out": 0,
    "cost": 0.0,
    "cached": False,
    "stood_in": False,
    "language_model": "",
    "threshold": 0.5,
    "latency_ms": 12.0,
}
REASON = f"What was found is too unlike the question {MARKUP}."


def events(question: str) -> list[tuple[str, dict[str, Any]]]:
    """What is said to a question: one of wine is refused, and a long one breaks off."""
    found = ("hits", {"request_id": "r1", "model": "assistant:1", "registered": None, "hits": HITS})
    if "wine" in question:
        return [found, ("done", {**DONE, "refused": True, "cause": "confidence", "reason": REASON})]
    told = ("sentence", {"text": f"It is run again. {MARKUP}", "citations": ["retries", "none"]})
    return [found, told] if "long" in question else [found, told, ("done", DONE)]


def written(events: list[tuple[str, dict[str, Any]]]) -> bytes:
    """A stream of events, with the sign of life that comes before a slow answer."""
    told = "".join(f"event: {name}\ndata: {json.dumps(said)}\n\n" for name, said in events)
    return f": still at it\n\n{told}".encode()


@dataclass
class Standing:
    """Where it is asked, by whom and what it heard; and what it says that is not to be obeyed."""

    url: str = ""
    token: str = TOKEN
    markup: str = MARKUP
    reason: str = REASON
    heard: list[tuple[str, Any]] = field(default_factory=list)


@contextmanager
def standing() -> Iterator[Standing]:
    """The stand-in, until the block ends."""
    held = Standing()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                return self.reply(401, b'{"error": "The request carries no valid token."}')
            held.heard.append((self.path, body))
            if self.path == "/feedback":
                return self.reply(200, b'{"request_id": "r1", "comment_kept": false}')
            if not isinstance(body["question"], str):
                return self.reply(400, b'{"error": "That is no question.", "next": "ask one."}')
            if body["question"] == "nobody":
                return self.reply(200, b"<html>", "text/html")
            self.reply(200, written(events(body["question"])), "text/event-stream")

        def reply(self, status: int, body: bytes, kind: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield held
    finally:
        server.shutdown()
        server.server_close()
