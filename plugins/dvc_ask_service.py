"""What the server of Airflow asks the service of the assistant, for people who are logged in.

Requests hold what we put together of what a browser sent, and replies of the service are handed on
as they come. Its address and its token stay here.
"""

import json
import logging
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.configuration import conf

if TYPE_CHECKING:
    from httpx import AsyncClient

TOKEN = "LEEWAY_ASSISTANT_TOKEN"
HERE = ("127.0.0.1", "localhost", "::1")
MOST_BYTES = 32_000  # of what a browser sends: a question of 2000 letters, each as \uXXXX twice
MOST_OF_A_REFUSAL = 64_000  # bytes
CONNECT_S, SILENT_S = 5.0, 60.0  # the service gives a sign of life each 10 s
NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
EVENTS = "text/event-stream"
log = logging.getLogger(__name__)


class Refused(Exception):
    """What a person is told instead of an answer."""

    def __init__(self, status: int, what: str, fix: str) -> None:
        super().__init__(what)
        self.status, self.what, self.fix = status, what, fix
        self.headers = NO_STORE


@dataclass(frozen=True)
class Service:
    """Where the assistant is asked."""

    url: str = field(repr=False)
    token: str = field(repr=False)

    def client(self, silent_s: float) -> "AsyncClient":
        """What asks it: without a detour by a proxy, if it is on this machine.

        Args:
            silent_s: longest time in which nothing comes.
        """
        import httpx

        return httpx.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.token}"} if self.token else {},
            timeout=httpx.Timeout(silent_s, connect=CONNECT_S),
            trust_env=urlsplit(self.url).hostname not in HERE,
        )


@dataclass(frozen=True)
class Answered:
    """An answer on its way."""

    pieces: AsyncIterator[bytes]
    kind: str = EVENTS
    headers: Mapping[str, str] = field(
        default_factory=lambda: {**NO_STORE, "X-Accel-Buffering": "no"}
    )


def service_of() -> Service:
    """The service that [leeway] assistant_url names.

    Raises:
        Refused: it names none, or what is no address.
    """
    url = str(conf.get("leeway", "assistant_url", fallback="")).strip().rstrip("/")
    if not url:
        raise Refused(
            503,
            "No assistant is configured: section [leeway] of Airflow has no assistant_url.",
            "start one with `python -m include.assistant.service`, then give Airflow's API server "
            f"AIRFLOW__LEEWAY__ASSISTANT_URL=http://127.0.0.1:3000, and its token as {TOKEN}.",
        )
    if not is_address(url):
        what = "The setting assistant_url of section [leeway] is no address of a service."
        raise Refused(503, what, "set it to http://HOST:PORT, or https://HOST, without a login.")
    token = os.environ.get(TOKEN, "").strip()
    if not (token.isascii() and token.isprintable()):
        what = f"{TOKEN} of Airflow's API server holds signs that no request may carry."
        raise Refused(503, what, "set it to the token that the assistant was started with.")
    return Service(url, token)


def is_address(url: str) -> bool:
    """Whether a request can be made of a service there."""
    import httpx

    try:
        parts = urlsplit(url)
        httpx.URL(url)
        named = bool(parts.hostname) and not any(map(str.isspace, url))
        return (
            named
            and parts.scheme in ("http", "https")
            and "@" not in parts.netloc
            and (parts.port is None or parts.port > 0)
        )
    except (ValueError, httpx.InvalidURL):  # as [ without ], or a port that is no number
        return False


def problem() -> Refused | None:
    """Why nobody can be asked; None if somebody can."""
    try:
        service_of()
    except Refused as error:
        return error
    return None


async def body_of(request: Any) -> dict[str, Any]:
    """The JSON object that a page of ours sent.

    Raises:
        Refused: it is none, or a page of another site sent it: a browser sends our cookie along.
    """
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise Refused(403, "Another site sent this.", "ask on the page Ask of Airflow.")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "The body is not JSON.", "ask on the page Ask of Airflow.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise Refused(413, "The question is too long.", "ask a shorter one.")
    try:
        held = json.loads(body)
        # What Python reads and no JSON may hold: NaN, and half of a sign that takes two.
        json.dumps(held, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        held = None
    if not isinstance(held, dict):
        raise Refused(400, "The body is no JSON object.", "ask on the page Ask of Airflow.")
    return held


async def asked(service: Service, body: Mapping[str, Any]) -> Answered:
    """The answer to a question, from its first piece on.

    Raises:
        Refused: the service does not answer it.
    """
    import httpx

    client, told = service.client(SILENT_S), {"question": body.get("question")}
    try:
        request = client.build_request("POST", "/ask", json=told, headers={"Accept": EVENTS})
        answer = await client.send(request, stream=True)
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if answer.status_code != 200 or kind != EVENTS:
            raise await refusal_of(answer)
    except BaseException as error:
        await client.aclose()
        if isinstance(error, httpx.HTTPError | httpx.InvalidURL):
            raise unreachable(error) from None
        raise
    return Answered(handed_on(client, answer))


async def handed_on(client: Any, answer: Any) -> AsyncIterator[bytes]:
    """The pieces of an answer as they come; the last one says if the rest does not."""
    import httpx

    try:
        async for piece in answer.aiter_bytes():
            yield piece
    except httpx.HTTPError as error:
        refused = unreachable(error)
        told = json.dumps({"error": refused.what, "next": refused.fix})
        yield f"\n\nevent: error\ndata: {told}\n\n".encode()
    finally:
        await answer.aclose()
        await client.aclose()


async def rated(service: Service, body: Mapping[str, Any]) -> dict[str, Any]:
    """Hand on what somebody thought of an answer.

    Raises:
        Refused: the service does not take it.
    """
    import httpx

    told = {name: body.get(name) for name in ("request_id", "useful")}
    try:
        async with (
            service.client(CONNECT_S) as client,
            client.stream("POST", "/feedback", json=told) as answer,
        ):
            if answer.status_code != 200:
                raise await refusal_of(answer)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise unreachable(error) from None
    return {"thanks": True}


async def refusal_of(answer: Any) -> Refused:
    """What to say of a reply that is no answer: the service's own words, where it has any."""
    if answer.status_code == 401:
        what = "The assistant does not take the token of Airflow's API server."
        return Refused(502, what, f"set {TOKEN} to the token that the assistant was started with.")
    body = b""
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > MOST_OF_A_REFUSAL:
            break
    try:
        held = json.loads(body)
        what, fix = str(held["error"]), str(held["next"])
    except (ValueError, KeyError, TypeError, RecursionError):
        what = f"What answers for the assistant is no assistant: it replied {answer.status_code}."
        return Refused(502, what, "see that assistant_url of section [leeway] is its address.")
    return Refused(answer.status_code if answer.status_code in (400, 413, 503) else 502, what, fix)


def unreachable(error: Exception) -> Refused:
    """The assistant cannot be asked; where it is looked for is for the log alone."""
    log.warning("The assistant cannot be asked: %s: %s", type(error).__name__, error)
    what = "The assistant cannot be reached, or did not answer in time."
    return Refused(
        502, what, "see that it runs, and that assistant_url of [leeway] is its address."
    )
