"""Clients who ask a server again and again, each time by a new connection, so that any worker answers."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from real_processes import wait_until

TOKEN = "a-token-that-nobody-guesses"
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


def ask(port: int, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """The status and body of one answer; (0, why) if there is none."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        asked.request("POST" if body else "GET", path, body, HEADERS)
        answer = asked.getresponse()
        return answer.status, answer.read()
    except OSError as error:
        return 0, repr(error).encode()
    finally:
        asked.close()


@dataclass
class Load:
    """What the clients saw: when each answer came, its status, how long it took, who answered."""

    seen: list[tuple[float, int, float, str]] = field(default_factory=list)

    def since(self, moment: float) -> list[str]:
        """Who answered requests that ended since a moment."""
        return [model for at, _, _, model in self.seen if at >= moment]

    def wait_for(self, model: str, seconds: float = 10, in_a_row: int = 30) -> float:
        """Seconds until nobody but one model answers, whoever is asked."""
        began = time.monotonic()

        def alone() -> bool:
            last = self.seen[-in_a_row:]
            return {one[3] for one in last} == {model} and last[0][0] > began

        wait_until(alone, seconds)
        return time.monotonic() - began

    @property
    def failed(self) -> list[Any]:
        """The requests that were not answered with 200."""
        return [one for one in self.seen if one[1] != 200]


@contextmanager
def load(port: int, body: bytes, clients: int = 3, pause_s: float = 0.01) -> Iterator[Load]:
    """Ask until the block ends."""
    found, stop = Load(), threading.Event()

    def work() -> None:
        while not stop.wait(pause_s):
            began = time.monotonic()
            status, answer = ask(port, "/predict/features", body)
            model = str(json.loads(answer)["model"]) if status == 200 else answer.decode()
            found.seen.append((time.monotonic(), status, time.monotonic() - began, model))

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def metric(port: int, begin: str) -> float:
    """A number of /metrics, over all workers; 0 if there is none."""
    _, text = ask(port, "/metrics")
    lines = [line for line in text.decode().splitlines() if line.startswith(begin)]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)
