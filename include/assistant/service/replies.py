"""The replies to POST /ask, /search and /feedback: in one piece, or as a stream of events."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Any, TypeAlias

from pydantic_core import to_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from include.assistant.service.asked import Feedback, read
from include.assistant.service.assistant import Assistant
from include.assistant.service.call import LEFT, Call, refusal
from include.assistant.service.told import Asked, Found
from include.serving.endpoints import json

EVENTS = "text/event-stream"
# A proxy between us and a client may end a connection on which nothing comes.
SILENT_S = 10.0
SIGN_OF_LIFE = b": still at it\n\n"
Event: TypeAlias = tuple[str, dict[str, Any]]  # its name, and what it says
Reply: TypeAlias = Callable[[Call], Awaitable[Response]]


async def replied(assistant: Assistant, request: Request, reply: Reply) -> Response:
    """Reply to a request, and see that it is counted however it ends."""
    call = Call(assistant, request)
    status = LEFT  # if it is cancelled
    try:
        response = await call.see() or await reply(call)
        status = response.status_code
    except Exception as error:
        status, what, fix = call.why_not(error)
        response = refusal(status, what, fix)
    finally:
        if status != 200 or not isinstance(response, Stream):
            call.ended(status)
    return response


async def ask(call: Call) -> Response:
    """Answer POST /ask."""
    asked = call.question()
    found = await call.assistant.find(asked, asked.by.settings.answering.hits)
    if not wants_events(call.request):
        parts = [one async for one in events(call, asked, found)]
        [*_, hits] = [said for name, said in parts if name == "hits"]
        sentences = [said for name, said in parts if name == "sentence"]
        return json({**hits, "sentences": sentences, **parts[-1][1]})
    return Stream(call, asked, found)


async def search(call: Call) -> Response:
    """Answer POST /search."""
    return json(await call.assistant.search(call.question()))


async def feedback(call: Call) -> Response:
    """Answer POST /feedback."""
    return json(call.assistant.feedback(read(Feedback, call.body)))


def wants_events(request: Request) -> bool:
    """Whether an answer is to come in pieces: unless JSON is asked for, and events are not."""
    accepted = request.headers.get("accept", "").lower()
    return EVENTS in accepted or "application/json" not in accepted


async def events(call: Call, asked: Asked, found: Found) -> AsyncGenerator[Event]:
    """What a client is told, one after the other; an event without a name is a sign of life.

    The hits come twice if a sentence cites a passage beyond those that were to be shown.

    Raises:
        NotLogged: the answer cannot be put on record, and is not told.
    """
    limit = asked.question.limit
    yield "hits", call.assistant.told_hits(asked, found.shown[:limit])
    # It goes on if the client leaves: what it costs is counted and on record.
    call.making = asyncio.create_task(call.assistant.answer(asked, found))
    while not (await asyncio.wait({call.making}, timeout=SILENT_S))[0]:
        yield "", {}
    answered = call.making.result()
    cited = {name for said in answered.answer.sentences for name in said.citations}
    if beyond := [hit for hit in found.shown[limit:] if hit["id"] in cited]:
        yield "hits", call.assistant.told_hits(asked, [*found.shown[:limit], *beyond])
    for sentence in answered.answer.sentences:
        yield "sentence", {"text": sentence.text, "citations": list(sentence.citations)}
    yield "done", call.assistant.told_end(asked, answered)


class Stream(StreamingResponse):
    """An answer in pieces."""

    def __init__(self, call: Call, asked: Asked, found: Found) -> None:
        self.call, self.status = call, LEFT
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(self.pieces(asked, found), media_type=EVENTS, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with suppress(ClientDisconnect):
                await super().__call__(scope, receive, send)
        finally:
            self.call.ended(self.status)

    async def pieces(self, asked: Asked, found: Found) -> AsyncIterator[bytes]:
        """Each event as the protocol writes it; the last one says if something failed."""
        try:
            async with aclosing(events(self.call, asked, found)) as told:
                async for name, said in told:
                    yield written(name, said) if name else SIGN_OF_LIFE
            self.status = 200
        except Exception as error:
            self.status, what, fix = self.call.why_not(error)
            yield written("error", {"error": what, "next": fix})


def written(name: str, said: dict[str, Any]) -> bytes:
    """An event of a stream: JSON has no raw end of a line in it."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), to_json(said, inf_nan_mode="null"))
