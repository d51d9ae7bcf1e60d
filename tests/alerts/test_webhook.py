"""Alerts to a webhook, a real HTTP server on this machine."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import ValidationError

from include.alerts.message import Message, NotSent
from include.alerts.webhook import Place, Webhook

MESSAGE = Message("7", "resolved", "watch:auc", "auc is low", "<b>AUC</b> & <!channel>", 0.0)


class Hook(BaseHTTPRequestHandler):
    """Takes what is posted, and gives the answers that it was told to give."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as found:
        found.got, found.answers = [], []
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def hook(server: ThreadingHTTPServer, pauses: list[float] | None = None, **more) -> Webhook:
    held = {"url": f"http://127.0.0.1:{server.server_port}/hook?key=in-the-url", **more}
    return Webhook(
        "leeway_hook", Place.model_validate(held), ([] if pauses is None else pauses).append
    )


def test_a_message_is_json_that_no_chat_takes_for_markup(server):
    hook(server).send(MESSAGE)
    [(path, headers, body)] = server.got
    found = json.loads(body)
    assert path == "/hook?key=in-the-url" and headers["Idempotency-Key"] == "7"
    assert found.pop("text").splitlines()[2] == "&lt;b&gt;AUC&lt;/b&gt; &amp; &lt;!channel&gt;"
    assert found == {
        "id": "7",
        "status": "resolved",
        "incident": "watch:auc",
        "title": "auc is low",
        "details": "<b>AUC</b> & <!channel>",
        "since": 0.0,
    }


def test_a_message_is_signed_and_has_the_secret_nowhere(server):
    hook(server, secret="s3cret", headers={"X-Team": "ml"}).send(MESSAGE)
    [(_, headers, body)] = server.got
    signed = headers["X-Leeway-Timestamp"].encode() + b"." + body
    expected = hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
    assert headers["X-Leeway-Signature"] == f"sha256={expected}"
    assert headers["X-Team"] == "ml"
    assert "s3cret" not in str(headers) and b"s3cret" not in body


def test_a_busy_server_is_asked_three_times_and_a_refusal_is_taken_at_its_word(server):
    pauses: list[float] = []
    server.answers = [503, 429, 200]
    hook(server, pauses).send(MESSAGE)
    assert (len(server.got), pauses) == (3, [1.0, 3.0])
    assert {headers["Idempotency-Key"] for _, headers, _ in server.got} == {"7"}
    server.answers = [500] * 3
    with pytest.raises(NotSent, match="it answered 500"):
        hook(server).send(MESSAGE)
    server.answers = [404]
    with pytest.raises(NotSent, match="it answered 404"):
        hook(server).send(MESSAGE)
    assert len(server.got) == 7


def test_a_redirect_is_not_followed(server):
    server.answers = [302]
    with pytest.raises(NotSent, match="it answered 302"):
        hook(server).send(MESSAGE)
    assert len(server.got) == 1


def test_a_server_that_is_not_there_is_told_without_its_url(server):
    closed = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    closed.server_close()
    with pytest.raises(NotSent) as error:
        hook(closed).send(MESSAGE)
    assert "ConnectError" in str(error.value) and "in-the-url" not in str(error.value)
    assert "in-the-url" not in repr(hook(closed).place)


@pytest.mark.parametrize("url", ["http://example.com/x", "ftp://localhost/x", "example.com", ""])
def test_a_webhook_is_https_unless_it_is_on_this_machine(url):
    with pytest.raises(ValidationError, match="the URL is https"):
        Place(url=url)
    assert Place(url="https://example.com/x").url
