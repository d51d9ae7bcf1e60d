"""The two addresses at which a service answers: POST /predict and GET /schema."""

import bentoml
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from include.errors import DataError
from include.serving.answers import SAME_PACKAGES, Answers
from include.serving.gate import refuse


async def predict(request: Request) -> Response:
    """Answer POST /predict."""
    service: Answers = bentoml.get_current_service()
    if service.fault:
        return refuse(503, service.fault, SAME_PACKAGES)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        what = f"The body is {kind or 'of no declared type'}, not application/json."
        return refuse(415, what, "send JSON, with the header `Content-Type: application/json`.")
    try:
        body = await read_body(request, service.manifest["max_body_bytes"])
    except ClientDisconnect:
        return Response(status_code=400)
    if body is None:
        what = f"The body has more than {service.manifest['max_body_bytes']:,} bytes."
        return refuse(413, what, "send fewer rows in one request.")
    try:
        return JSONResponse(await service.answer(body))
    except DataError as error:
        return refuse(400, error.what, error.fix)


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


async def schema(_: Request) -> Response:
    """Answer GET /schema."""
    service: Answers = bentoml.get_current_service()
    return JSONResponse(service.schema())


ROUTES = [Route("/predict", predict, methods=["POST"]), Route("/schema", schema)]
