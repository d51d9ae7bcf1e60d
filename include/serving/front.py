"""What stands before BentoML's server: what is ours is answered here, and at once.

BentoML wraps each request in traces, its access log, its numbers, a timeout and a limit: 0.8 ms,
where a prediction takes 0.3. Health checks, /metrics, the start and the end are BentoML's.
"""

from typing import Any

import bentoml
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from include.serving.endpoints import ROUTES
from include.serving.gate import Gate, refuse

METRICS = "/metrics"  # of BentoML, which adds up the numbers of all workers


class Front:
    """Answers the routes of a service, and hands on all the rest; nothing without the token.

    Args:
        app: of BentoML.
        routes: of the service, beside those that any has.
    """

    def __init__(self, app: ASGIApp, routes: list[Route]) -> None:
        self.app = app
        self.routes = {route.path: route for route in [*routes, *ROUTES]}
        self.gate = Gate(self.answer, {*self.routes, METRICS})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.gate(scope, receive, send)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what the gate lets through: a router would look for the path, for 0.1 ms."""
        route = self.routes.get(scope.get("path", ""))
        if route is None or scope["type"] != "http":
            return await self.app(scope, receive, send)
        methods = route.methods or set()
        if scope["method"] in methods:
            response = await route.endpoint(Request(scope, receive))
        else:
            response = refuse(405, f"It is not asked by {scope['method']}.", "see /openapi.json.")
            response.headers["Allow"] = ", ".join(sorted(methods))
        await response(scope, receive, send)


def behind(*routes: Route) -> type[Any]:
    """A kind of service of BentoML that has our front: `bentoml.service(service_class=...)`."""

    class Service(bentoml.Service[Any]):  # type: ignore[misc]
        """A service of BentoML behind our front."""

        def to_asgi(self, is_main: bool = True) -> ASGIApp:
            """The app that a worker runs."""
            return Front(super().to_asgi(is_main), [*routes])

    return Service
