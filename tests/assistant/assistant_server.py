"""A server of a language model that misbehaves as it is told to."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers each request with the next behaviour of the list, the last one for ever."""

    server: "Model"
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet: else the client's system waits 40 ms

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            number = len(self.server.requests)
            self.server.requests.append(json.loads(body))
            self.server.headers.append(dict(self.headers))
        behaviours = self.server.behaviours
        behaviours[min(number, len(behaviours) - 1)](self)

    def do_GET(self) -> None:
        self.server.looks.append(self.path)
        self.server.listing(self)

    def send(
        self, body: bytes, status: int = 200, length: int | None = None, **headers: str
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:
        pass


class Model(ThreadingHTTPServer):
    """The server, with what it was asked."""

    daemon_threads = True
    # A handler that hangs must not keep the test from its end.
    block_on_close = False

    def __init__(self, behaviours: list[Behaviour]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviours, self.lock = behaviours, threading.Lock()
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.listing = status(404)  # of its models
        self.looks: list[str] = []
        self.gone = threading.Event()

    @property
    def url(self) -> str:
        """The address, as base_url has it."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # the client went away, as it should


@contextmanager
def model(*behaviours: Behaviour) -> Iterator[Model]:
    """Serve as long as the block lasts."""
    server = Model(list(behaviours))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.gone.set()
        server.shutdown()
        server.server_close()
        thread.join()


def said(
    text: str | list[dict[str, str]],
    tokens: tuple[int, int] | None = (100, 10),
    finish: str = "stop",
    **more: Any,
) -> bytes:
    """The body of a reply; without tokens it does not say how many it took."""
    message = {"role": "assistant", "content": text, **more}
    usage = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]} if tokens else None
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return json.dumps({"model": "tiny-1", "choices": [choice], "usage": usage}).encode()


def writes(*sentences: tuple[str, list[int]], **more: Any) -> Behaviour:
    """A model that writes these sentences, with the numbers of the passages that they cite."""
    form = {
        "answerable": bool(sentences),
        "sentences": [{"text": text, "passages": numbers} for text, numbers in sentences],
    }
    return lambda handler: handler.send(said(json.dumps(form), **more))


def replies(text: str, **more: Any) -> Behaviour:
    """A model whose message is this text."""
    return lambda handler: handler.send(said(text, **more))


def status(number: int, body: str = "", **headers: str) -> Behaviour:
    """A server that answers with a status."""
    return lambda handler: handler.send(body.encode(), number, **headers)


def lists(**about: object) -> Behaviour:
    """A server that says this of its model, and the moment at which it was asked, as vLLM does."""

    def told(handler: Handler) -> None:
        entry = {"id": "tiny", "object": "model", "created": time.time_ns(), **about}
        handler.send(json.dumps({"object": "list", "data": [{"id": "other"}, entry]}).encode())

    return told


def hangs(handler: Handler) -> None:
    """A server that takes the request, and never answers."""
    handler.server.gone.wait(30)


def drips(handler: Handler) -> None:
    """A server that sends a byte now and then, without end."""
    handler.send(b" ", length=1_000_000)
    while not handler.server.gone.wait(0.05):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def drips_its_head(handler: Handler) -> None:
    """A server that sends a line of its head now and then, without end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.server.gone.wait(0.05):
        handler.wfile.write(b"X-More: a\r\n")
        handler.wfile.flush()


def hints(handler: Handler) -> None:
    """A server that says again and again that an answer will come."""
    while not handler.server.gone.wait(0.05):
        handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        handler.wfile.flush()


def half(handler: Handler) -> None:
    """A server whose reply ends in the middle."""
    body = said("never")
    handler.send(body[: len(body) // 2], length=len(body))
    handler.close_connection = True


def endless(handler: Handler) -> None:
    """A server whose reply is larger than any answer."""
    handler.send(b" " * 2_000_000)
