"""One limit of time over a whole call: name, connection, head and body together.

A client's own limits begin anew with each packet: a server that sends a line of its head now and
then would hold a caller for ever.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Wire:
    """The sockets of one call, as a client names them while it connects."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.sockets: list[socket.socket] = []
        self.cut_off = False

    def seen(self, event: str, info: Mapping[str, Any]) -> None:
        """Take note of a connection; one that comes after the end is of no use any more."""
        if event not in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            return
        with self.lock:
            self.sockets.append(info["return_value"].get_extra_info("socket"))
        if self.cut_off:
            self.cut()

    def cut(self) -> None:
        """End all of it, whoever waits for it: shut down, not closed, as its number is in use."""
        with self.lock:
            self.cut_off = True
            for one in self.sockets:
                with contextlib.suppress(OSError, ValueError):
                    one.shutdown(socket.SHUT_RDWR)


def within(seconds: float, call: Callable[[Wire], T]) -> T:
    """What a call returns or raises, if it does so in time.

    Args:
        call: gives what it connects to to the wire.

    Raises:
        TimeoutError: it does not; its connection is ended.
    """
    wire, done = Wire(), Future[T]()

    def work() -> None:
        try:
            done.set_result(call(wire))
        except BaseException as error:
            done.set_exception(error)

    # A daemon: what waits for a name that is never found must not keep the process from its end.
    threading.Thread(target=work, daemon=True, name="model call").start()
    try:
        return done.result(seconds)
    finally:
        if not done.done():
            wire.cut()
