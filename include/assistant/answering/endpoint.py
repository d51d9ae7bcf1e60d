"""One call of a model behind an API like OpenAI's: what is sent, and what may come back.

Plain HTTP, not a client library: an answer is read with a limit of time and size however it comes,
no redirect is followed with the passages, and no variable of the environment says where they go:
neither a proxy nor the password of one.
"""

import ipaddress
import os
import re
import socket
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from include.assistant.answering.completion import Reply, reply
from include.assistant.answering.deadline import Wire, within
from include.assistant.answering.faults import ModelFault
from include.assistant.answering.forbidden import KEY
from include.assistant.answering.identity import identity
from include.assistant.answering.settings import Endpoint
from include.errors import MASK, ParamsError

if TYPE_CHECKING:
    import httpx

MOST_BYTES = 1_000_000  # of a reply: an answer has a few thousand
AGAIN = {408, 409, 425, 429, 500, 502, 503, 504, 529}
SENDABLE = re.compile(r"[!-~]*")  # what a header can hold of a key
PLAIN_NAME = re.compile(r"[a-z0-9_-]+")  # of a host in the same network: no domain


class Server:
    """Sends calls; safe for several threads.

    Raises:
        ParamsError: the address or the key is none, or the key would cross the network in clear.
    """

    def __init__(self, settings: Endpoint) -> None:
        import httpx

        self.settings, self.key = settings, key_of_environment()
        self.url = f"{settings.base_url.rstrip('/')}/chat/completions"
        self.models_url = f"{settings.base_url.rstrip('/')}/models"
        self.told: str | None = None  # of the model; None until the server was there to say it
        see_that_safe("answering", settings.base_url, self.key)
        waits = settings.waits
        self.client = httpx.Client(
            timeout=httpx.Timeout(waits.answer_s, connect=waits.connect_s),
            # Each call has a connection of its own, which ends with the time of the call.
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"Authorization": f"Bearer {self.key}"} if self.key else {},
            follow_redirects=False,
            trust_env=False,
            # Certificates take longer to read than most answers of a server on this machine. Those
            # of a company may be named by SSL_CERT_FILE, which says whom to believe, not where to.
            verify=settings.base_url.startswith("https://") and httpx.create_ssl_context(),
        )

    def body(self, messages: list[dict[str, str]], schema: dict[str, Any]) -> dict[str, Any]:
        """What is sent: it follows from the arguments and the settings alone."""
        settings = self.settings
        form: dict[str, Any] | None = {"type": "json_object"}
        if settings.schema_by == "json_schema":
            held = {"name": "answer", "strict": True, "schema": schema}
            form = {"type": "json_schema", "json_schema": held}
        sent = {
            "model": settings.model,
            "messages": messages,
            "seed": settings.seed,
            "temperature": settings.temperature,
            "max_tokens": settings.most_tokens,
            "response_format": None if settings.schema_by == "prompt" else form,
            **settings.extra,
        }
        return {name: value for name, value in sent.items() if value is not None}

    def ask(self, body: dict[str, Any]) -> Reply:
        """Make the call.

        Raises:
            ModelFault: there is no reply that can be used.
        """
        import httpx

        began = time.monotonic()
        fix = "see whether the endpoint is up, and answering.endpoint in params.yaml."
        try:
            sending = partial(self.send, "POST", self.url, body)
            response, content = within(self.settings.waits.answer_s, sending)
        except (httpx.TimeoutException, TimeoutError) as error:
            what = f"The model did not answer within {time.monotonic() - began:.1f} s."
            tokens = (0, 0) if isinstance(error, httpx.ConnectTimeout) else None
            raise ModelFault(what, fix, again=True, down=True, tokens=tokens) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            what = f"The connection to the model failed: {self.cut(str(error) or repr(error))}."
            tokens = (0, 0) if isinstance(error, httpx.ConnectError) else None
            raise ModelFault(what, fix, again=True, down=True, tokens=tokens) from None
        if response.status_code != 200:
            raise self.refused(response, content)
        return reply(content, self.settings.model)

    def identity(self) -> str:
        """What the server says of its model, asked until it is there to say it; '': nothing."""
        import httpx

        if self.told is None:
            asking = partial(self.send, "GET", self.models_url, None)
            try:
                response, content = within(self.settings.waits.connect_s, asking)
            except (httpx.HTTPError, TimeoutError):
                return ""
            if response.status_code in AGAIN:
                return ""
            said = response.status_code == 200
            self.told = identity(content, self.settings.model) if said else ""
        return self.told

    def send(
        self, method: str, url: str, body: dict[str, Any] | None, wire: Wire
    ) -> tuple["httpx.Response", bytes]:
        """The response and its body."""
        more = {"trace": wire.seen}
        with self.client.stream(method, url, json=body, extensions=more) as response:
            return response, read(response)

    def refused(self, response: "httpx.Response", content: bytes) -> ModelFault:
        """What a status other than 200 means."""
        status, again = response.status_code, response.status_code in AGAIN
        said = self.cut(content.decode(errors="replace"))
        what = f"The endpoint answers HTTP {status}{': ' if said else ''}{said}."
        fix = "see its log, and answering.endpoint in params.yaml."
        if status in (401, 403):
            # What it says may hold a part of the key.
            what = (
                f"The endpoint answers HTTP {status}: it refuses {KEY if self.key else 'no key'}."
            )
            fix = f"set {KEY} in the environment to a key that is valid there."
        elif 300 <= status < 400:
            what = f"The endpoint answers HTTP {status}: a redirect, which is not followed."
            fix = "set answering.endpoint.base_url to where it really is."
        # 400 and 422 may be the fault of this one question.
        return ModelFault(
            what,
            fix,
            again,
            status not in (400, 413, 422),
            wait(response.headers.get("retry-after")),
        )

    def cut(self, text: str) -> str:
        """The beginning of what a server said, without the key and without what steers a screen."""
        bare = text.replace(self.key, MASK) if self.key else text
        seen = "".join(sign if sign.isprintable() else " " for sign in bare)
        return " ".join(seen.split())[:200].rstrip(".")


def read(response: "httpx.Response") -> bytes:
    """The body of a response, if it is no larger than a reply may be."""
    import httpx

    content = bytearray()
    for part in response.iter_bytes():
        content += part
        if len(content) > MOST_BYTES:
            raise httpx.ReadError(f"the reply is larger than {MOST_BYTES:,} bytes")
    return bytes(content)


def wait(header: str | None) -> float | None:
    """The seconds that Retry-After asks for: a number or a date, RFC 9110, section 10.2.3."""
    try:
        return max(0.0, float(header or ""))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(header or "")
    except (ValueError, OverflowError):  # the latter of a year that no calendar has
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def key_of_environment() -> str:
    """The key, if there is one.

    Raises:
        ParamsError: no header can hold it, and a client would say so with the key in its words.
    """
    key = os.environ.get(KEY, "").strip()
    if not SENDABLE.fullmatch(key):
        what = f"{KEY} holds a space, an end of a line or a sign beyond ASCII, as no key does."
        raise ParamsError(what, f"set {KEY} to the key alone.")
    return key


def see_that_safe(section: str, base_url: str, key: str) -> None:
    """Refuse an address that is none, and a key in clear on its way to another network.

    Args:
        section: of params.yaml, which names the endpoint.
    """
    import httpx

    try:
        httpx.URL(base_url)
        _, near_by = urlsplit(base_url).port, near(base_url)
    except (httpx.InvalidURL, ValueError) as error:
        what = f"{section}.endpoint.base_url is no address: {error}."
        raise ParamsError(what, "correct it in params.yaml.") from None
    if key and base_url.startswith("http://") and not near_by:
        what = f"{base_url} has no TLS, and {KEY} would cross the network in clear."
        raise ParamsError(what, f"set {section}.endpoint.base_url to an https:// address.")


def near(url: str) -> bool:
    """Whether an address is of this machine or its private network.

    Raises:
        ValueError: it is none.
    """
    host = urlsplit(url).hostname or ""
    try:
        return number(host).is_private
    except (ValueError, OSError):
        ours = (".local", ".internal", ".localhost")
        return host.isascii() and (bool(PLAIN_NAME.fullmatch(host)) or host.endswith(ours))


def number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address that a host is: also 0x08080808 and 134744072, which systems take for 8.8.8.8.

    Raises:
        ValueError: it is a name.
        OSError: the same.
    """
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    return getattr(found, "ipv4_mapped", None) or found
