"""Ask a server of this machine as fast as it answers, over connections that stay open."""

import os
import re
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """What came of it.

    Args:
        busy: share of the time that the client itself computed: near 1, it was the bottleneck.
    """

    per_second: float
    p50_ms: float
    p99_ms: float
    busy: float


def message(path: str, body: bytes, headers: Sequence[str] = ()) -> bytes:
    """A POST of JSON as it goes over the wire."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def ask(port: int, messages: Sequence[bytes], connections: int, seconds: float) -> Asked:
    """Send the messages in turn, each when the one before it on its connection was answered.

    Raises:
        RuntimeError: an answer was no success.
    """
    os.sched_setaffinity(0, {processors()[1]})
    began, busy = time.perf_counter(), time.process_time()
    spent: list[float] = []
    faults: list[Exception] = []
    until = began + seconds

    def work(first: int) -> None:
        try:
            with connected(port) as link:
                for number in range(first, 1 << 60, connections):
                    sent = time.perf_counter()
                    if sent > until:
                        return
                    exchange(link, messages[number % len(messages)])
                    spent.append(time.perf_counter() - sent)
        except Exception as error:  # of a thread: raised below
            faults.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise RuntimeError(f"{len(faults)} of {connections} connections ended") from faults[0]
    took, busy = time.perf_counter() - began, time.process_time() - busy
    spent.sort()
    p50, p99 = (spent[int(len(spent) * share)] * 1_000 for share in (0.5, 0.99))
    return Asked(len(spent) / took, p50, p99, busy / took)


def processors() -> tuple[int, int]:
    """Those of the server and of the client: on the same one, each waits for the other."""
    held = sorted(os.sched_getaffinity(0))
    return held[0], held[-1]


def connected(port: int) -> socket.socket:
    """A connection that sends at once what it is given."""
    link = socket.create_connection(("127.0.0.1", port), timeout=60)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return link


def exchange(link: socket.socket, sent: bytes) -> bytes:
    """The body of the answer to a message.

    Raises:
        RuntimeError: it is no success.
    """
    link.sendall(sent)
    got = link.recv(1 << 18)
    while (end := got.find(b"\r\n\r\n")) < 0:
        got += received(link)
    found = LENGTH.search(got, 0, end + 2)
    if not got.startswith(b"HTTP/1.1 200 ") or not found:
        raise RuntimeError(got[:500].decode(errors="replace"))
    whole = end + 4 + int(found[1])
    while len(got) < whole:
        got += received(link)
    return got[end + 4 :]


def received(link: socket.socket) -> bytes:
    """More of an answer."""
    more = link.recv(1 << 18)
    if not more:
        raise RuntimeError("The server ended the connection.")
    return more
