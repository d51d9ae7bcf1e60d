"""Tell of incidents by a POST of JSON, signed if there is a secret."""

import hashlib
import hmac
import html
import json
import time
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from include.alerts.message import Message, NotSent, one_line

HERE = ("127.0.0.1", "localhost", "::1")
PAUSES_S = (1.0, 3.0)  # before the second try and the third


class Place(BaseModel):
    """Where messages are posted to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(repr=False, description="https, or http to this machine")
    secret: str = Field(default="", repr=False, description="signs each message, by HMAC-SHA256")
    headers: dict[str, str] = Field(default_factory=dict, repr=False, description="sent along")
    timeout_s: float = Field(default=10, gt=0, le=60, description="longest wait for an answer")

    @field_validator("url")
    @classmethod
    def is_safe(cls, url: str) -> str:
        from urllib.parse import urlsplit

        parts = urlsplit(url)
        if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in HERE):
            return url
        raise ValueError("the URL is https://HOST/..., or http:// to this machine")


class Webhook:
    """Posts to one place.

    Args:
        pause: waits so many seconds.
    """

    def __init__(
        self, name: str, place: Place, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self.name, self.place, self.pause = name, place, pause

    def send(self, message: Message) -> None:
        """Post one message; a server that is busy is asked three times.

        Raises:
            NotSent: it did not answer with a success. Neither its URL nor the secret is told.
        """
        problem = ""
        for pause_s in (*PAUSES_S, None):
            problem, again = self.post(message)
            if not problem:
                return
            if not again or pause_s is None:
                break
            self.pause(pause_s)
        fix = f"see the connection {self.name}; the message waits, and goes out then."
        raise NotSent(f"The webhook did not take it: {problem}.", fix)

    def post(self, message: Message) -> tuple[str, bool]:
        """What went wrong, if anything, and whether another try may help."""
        import httpx

        body = json.dumps(told(message)).encode()
        try:
            answer = httpx.post(
                self.place.url,
                content=body,
                headers=self.headers(message, body),
                timeout=self.place.timeout_s,
                follow_redirects=False,
            )
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return type(error).__name__, True  # its text may have the URL, which may be a secret
        busy = answer.status_code == 429 or answer.status_code >= 500
        return ("" if answer.is_success else f"it answered {answer.status_code}"), busy

    def headers(self, message: Message, body: bytes) -> dict[str, str]:
        """What goes along: an id by which a second one is known, and the signature."""
        made = {"Content-Type": "application/json", "Idempotency-Key": message.id}
        if self.place.secret:
            now = str(int(time.time()))
            signed = hmac.new(self.place.secret.encode(), f"{now}.".encode() + body, hashlib.sha256)
            made |= {
                "X-Leeway-Timestamp": now,
                "X-Leeway-Signature": f"sha256={signed.hexdigest()}",
            }
        return {**self.place.headers, **made}


def told(message: Message) -> dict[str, Any]:
    """The message as JSON. `text` is what chats show: no name in it is markup, or calls anybody."""
    return {
        "text": html.escape(message.body, quote=False),
        "id": message.id,
        "status": message.kind,
        "incident": message.key,
        "title": one_line(message.title),
        "details": message.details,
        "since": message.since,
    }
