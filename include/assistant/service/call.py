"""One request on its way: read, within bounds; counted once, when its reply has gone."""

import asyncio
import time
from contextlib import ExitStack
from uuid import uuid4

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from include.assistant.service.asked import Question, read
from include.assistant.service.assistant import Assistant
from include.assistant.service.told import Answered, Asked
from include.assistant.service.traces import replied
from include.errors import DataError
from include.serving.endpoints import ID, LONGEST_S, read_body
from include.serving.gate import refuse
from include.serving.journal import NotLogged
from include.serving.manifest import log
from include.serving.request import Unavailable
from include.serving.served import SAME_PACKAGES

LEFT = 499  # how a request is counted whose client did not wait


class Call:
    """A request, with what it holds until it ends: a place, and a span."""

    def __init__(self, assistant: Assistant, request: Request) -> None:
        self.assistant, self.request = assistant, request
        self.path = str(request.scope["path"])
        sent = request.headers.get("x-request-id", "")
        self.id = sent if ID.fullmatch(sent) else uuid4().hex
        self.began, self.body, self.place = time.perf_counter(), b"", ExitStack()
        self.making: asyncio.Task[Answered] | None = None
        self.span = assistant.traces.request("POST", self.path, request.headers)

    async def see(self) -> Response | None:
        """Take a place and read the body; why not, if it cannot be.

        Raises:
            Unavailable: there is no place.
            ClientDisconnect: nobody waits any more.
        """
        if self.assistant.packaged.fault:
            return refuse(503, self.assistant.packaged.fault, SAME_PACKAGES)
        kind = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            what = f"The body is {kind or 'of no declared type'}, not application/json."
            return refuse(415, what, "send JSON, with the header `Content-Type: application/json`.")
        most = self.assistant.packaged.manifest["max_body_bytes"]
        try:
            async with asyncio.timeout(LONGEST_S):
                body = await read_body(self.request, most)
        except TimeoutError:
            return refuse(408, f"The body did not come within {LONGEST_S} s.", "send it at once.")
        if body is None:
            return refuse(413, f"The body has more than {most:,} bytes.", "ask a shorter question.")
        self.body = body
        try:
            self.place.enter_context(self.assistant.work.place(self.path))
        except Unavailable:
            self.assistant.counts.busy.inc()
            raise
        return None

    def question(self) -> Asked:
        """What the body asks.

        Raises:
            DataError: it is no question.
        """
        question = read(Question, self.body)
        return Asked(self.id, question, self.assistant.now(), self.assistant.packaged, self.span)

    def ended(self, status: int) -> None:
        """Count the request, and give its place back, once nothing is made for it any more."""
        if self.making is not None and not self.making.done():
            self.making.add_done_callback(self.made_for_nobody)
        else:
            self.place.close()
        seconds = time.perf_counter() - self.began
        self.assistant.counts.request(self.path, status, seconds)
        self.assistant.record.replied(self.assistant.now(), self.path, status, seconds)
        replied(self.span, status)

    def made_for_nobody(self, made: "asyncio.Task[Answered]") -> None:
        """Give the place back of a client who left; what went wrong is for the log."""
        self.place.close()
        error = None if made.cancelled() else made.exception()
        if error is not None:
            log.error("request %s: its client left, and then: %s", self.id, error)

    def why_not(self, error: Exception) -> tuple[int, str, str]:
        """The status, the fact and the next step for a client whose request failed.

        An error that is no PlatformError is a bug: its text is for the log alone.
        """
        if isinstance(error, DataError):
            return 400, error.what, error.fix
        if isinstance(error, Unavailable | NotLogged):
            return 503, error.what, error.fix
        if isinstance(error, ClientDisconnect):
            return LEFT, "The client is gone.", "ask again."
        log.error("request %s to %s failed", self.id, self.path, exc_info=error)
        what = f"The service failed to answer the request {self.id}."
        return 500, what, "ask again; if it stays, look for the request in the log of the service."


def refusal(status: int, what: str, fix: str) -> Response:
    """The reply to a request that failed."""
    response = refuse(status, what, fix)
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response
