"""Who may ask the prediction service what: nothing without the token, but for health checks."""

import hashlib
import hmac
import os
from collections.abc import Collection

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from include.errors import ParamsError

TOKEN, OPEN = "LEEWAY_SERVE_TOKEN", "LEEWAY_SERVE_OPEN"
SHORTEST_TOKEN = 16
HEALTH = {"/livez", "/readyz", "/healthz"}


def read_token() -> str | None:
    """The token that clients must send; None where the service is open on purpose.

    Raises:
        ParamsError: neither a token nor the word to do without is given.
    """
    token = os.environ.get(TOKEN, "").strip()
    if not token and os.environ.get(OPEN) == "1":
        return None
    if not token:
        what = f"The service has no token, so anyone could ask it: {TOKEN} is not set."
        fix = f"set {TOKEN} to a long random text, or {OPEN}=1 to serve everyone."
        raise ParamsError(what, fix)
    if len(token) < SHORTEST_TOKEN:
        what = f"{TOKEN} has {len(token)} characters; at least {SHORTEST_TOKEN} are asked for."
        raise ParamsError(what, f"set {TOKEN} to the output of `openssl rand -hex 32`.")
    return token


class Gate:
    """Lets health checks through, and what is on the list for those with the token.

    Args:
        paths: the list. All else that BentoML serves stays shut: its page loads a tracker and
            scripts of other hosts.
    """

    def __init__(self, app: ASGIApp, paths: Collection[str]) -> None:
        self.app, self.paths, token = app, frozenset(paths), read_token()
        self.digest = None if token is None else digest(token.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in HEALTH:
            return await self.app(scope, receive, send)
        if not self.allowed(scope):
            fix = "send the header `Authorization: Bearer TOKEN`."
            answer = refuse(401, "The request carries no valid token.", fix)
            answer.headers["WWW-Authenticate"] = "Bearer"
            return await answer(scope, receive, send)
        if scope["path"] not in self.paths:
            fix = f"use one of {', '.join(sorted(self.paths | HEALTH))}."
            return await refuse(404, "There is nothing at this path.", fix)(scope, receive, send)
        return await self.app(scope, receive, send)

    def allowed(self, scope: Scope) -> bool:
        """Whether the request carries the token; as slow for a near miss as for a far one."""
        if self.digest is None:
            return True
        sent = [value for name, value in scope["headers"] if name == b"authorization"]
        # The scheme in any case, then spaces: RFC 9110, section 11.1 and 11.4.
        scheme, _, token = sent[0].partition(b" ") if len(sent) == 1 else (b"", b"", b"")
        same = hmac.compare_digest(digest(token.lstrip(b" ")), self.digest)
        return same and scheme.lower() == b"bearer"


def digest(text: bytes) -> bytes:
    """A hash, so that texts of any length compare in the same time."""
    return hashlib.sha256(text).digest()


def refuse(status: int, what: str, fix: str) -> JSONResponse:
    """An answer that says what is wrong and what to do."""
    return JSONResponse({"error": what, "next": fix}, status)
