"""The addresses at which a service answers: POST /predict/features, and those that tell."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from uuid import uuid4

import bentoml
from pydantic_core import to_json
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from include.errors import DataError
from include.serving.answers import Answers
from include.serving.gate import refuse
from include.serving.journal import NotLogged
from include.serving.live import Live
from include.serving.request import Asked, Unavailable
from include.serving.served import SAME_PACKAGES

LONGEST_S = 60  # in which a body has to come
ID = re.compile(r"[\w.-]{1,64}", re.ASCII)  # what a client may call its request
# Reads the body of a request: a method of the service.
Reads: TypeAlias = Callable[[Any, Live, str, bytes], Awaitable[Asked]]


async def answer(request: Request, read: Reads) -> Response:
    """Answer a request for predictions, and count how long it took."""
    service: Answers = bentoml.get_current_service()
    began, status = time.perf_counter(), 500
    try:
        response = await answered(service, request, read)
        status = response.status_code
    finally:
        told = request.scope["path"], status, time.perf_counter() - began
        service.counts.request(*told)
        service.record.replied(service.now(), *told)
    return response


async def answered(service: Answers, request: Request, read: Reads) -> Response:
    """The reply to a request, or why there is none."""
    live = service.live
    if live.champion.fault:
        return refuse(503, live.champion.fault, SAME_PACKAGES)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        what = f"The body is {kind or 'of no declared type'}, not application/json."
        return refuse(415, what, "send JSON, with the header `Content-Type: application/json`.")
    try:
        async with asyncio.timeout(LONGEST_S):
            body = await read_body(request, most := live.champion.manifest["max_body_bytes"])
    except ClientDisconnect:
        return Response(status_code=400)
    except TimeoutError:
        return refuse(408, f"The body did not come within {LONGEST_S} s.", "send it at once.")
    if body is None:
        return refuse(413, f"The body has more than {most:,} bytes.", "send fewer rows at once.")
    sent = request.headers.get("x-request-id", "")
    try:
        asked = await read(service, live, sent if ID.fullmatch(sent) else uuid4().hex, body)
        reply, found = await service.reply(live, asked)
    except DataError as error:
        return refuse(400, error.what, error.fix)
    except (Unavailable, NotLogged) as error:
        return refuse(503, error.what, error.fix)
    after = None if live.challenger is None else BackgroundTask(service.after, live, found)
    return json(reply, after)


def json(content: object, after: BackgroundTask | None = None) -> Response:
    """A response in JSON."""
    return Response(to_json(content), media_type="application/json", background=after)


async def read_body(request: Request, most_bytes: int) -> bytes | None:
    """The body, or None as soon as it is known to be too large."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most_bytes:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            return None
    return bytes(body)


async def features(request: Request) -> Response:
    """Answer POST /predict/features."""
    return await answer(request, Answers.read_features)


async def schema(_: Request) -> Response:
    """Answer GET /schema."""
    service: Answers = bentoml.get_current_service()
    return json(service.schema())


async def openapi(_: Request) -> Response:
    """Answer GET /openapi.json."""
    service: Answers = bentoml.get_current_service()
    return json(service.openapi())


ROUTES = [
    Route("/predict/features", features, methods=["POST"]),
    Route("/schema", schema),
    Route("/openapi.json", openapi),
]
