"""What stands before BentoML's server: the addresses of the assistant; nothing without the token.

As include/serving/front.py, which has those of models that answer rows. Health checks, /metrics,
the start and the end are BentoML's.
"""

from collections.abc import Callable
from typing import Any

import bentoml
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from include.assistant.service import replies
from include.assistant.service.assistant import Assistant
from include.serving.endpoints import json
from include.serving.front import METRICS
from include.serving.gate import Gate, refuse

ASKED = {"/ask": replies.ask, "/search": replies.search, "/feedback": replies.feedback}
TOLD: dict[str, Callable[[Assistant], object]] = {
    "/schema": Assistant.schema,
    "/openapi.json": Assistant.openapi,
}


class Front:
    """Answers what is the assistant's, and hands on all the rest.

    Args:
        app: of BentoML.
        current: gives the assistant of this worker, once it is made.
    """

    def __init__(self, app: ASGIApp, current: Callable[[], Assistant]) -> None:
        self.app, self.current = app, current
        self.gate = Gate(self.answer, {*ASKED, *TOLD, METRICS})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.gate(scope, receive, send)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what the gate lets through."""
        path = scope.get("path", "")
        if scope["type"] != "http" or path not in {*ASKED, *TOLD}:
            return await self.app(scope, receive, send)
        request, methods = Request(scope, receive), ("POST",) if path in ASKED else ("GET", "HEAD")
        response: Response
        if scope["method"] not in methods:
            response = refuse(405, f"It is not asked by {scope['method']}.", "see /openapi.json.")
            response.headers["Allow"] = ", ".join(methods)
        elif path in ASKED:
            response = await replies.replied(self.current(), request, ASKED[path])
        else:
            response = json(TOLD[path](self.current()))
        await response(scope, receive, send)


def behind() -> type[Any]:
    """A kind of service of BentoML that has our front: `bentoml.service(service_class=...)`."""

    class Service(bentoml.Service[Any]):  # type: ignore[misc]
        """A service of BentoML behind our front."""

        def to_asgi(self, is_main: bool = True) -> ASGIApp:
            """The app that a worker runs."""
            return Front(super().to_asgi(is_main), bentoml.get_current_service)

    return Service
