"""A server that stands in for Airflow's API: each test says what it answers and keeps."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


class Api(BaseHTTPRequestHandler):
    """Logs everybody in, and answers in JSON."""

    def do_POST(self) -> None:
        self.answer({"access_token": "token"})

    def asked(self) -> Any:
        """What the request holds."""
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, body: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(
    kind: type[Api], monkeypatch: pytest.MonkeyPatch, **held: object
) -> Iterator[ThreadingHTTPServer]:
    """A server that tasks have a login for.

    Args:
        held: what the server keeps, by name.
    """
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        vars(server).update(held)
        login = {"conn_type": "http", "host": f"http://127.0.0.1:{server.server_port}"}
        login |= {"login": "leeway", "password": "secret"}
        monkeypatch.setenv("AIRFLOW_CONN_LEEWAY_API", json.dumps(login))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
