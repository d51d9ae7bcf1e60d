"""One call of a model behind an API like OpenAI's: what is sent, and what may come back.

Plain HTTP, not a client library: an answer is read with a limit of time and size however it comes,
no redirect is followed with the passages, and no variable of the environment says where they go.
"""

import ipaddress
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError

from include.assistant.answering.deadline import Wire, within
from include.assistant.answering.faults import ModelFault
from include.assistant.answering.forbidden import KEY
from include.assistant.answering.settings import Endpoint
from include.errors import MASK, ParamsError

if TYPE_CHECKING:
    import httpx

MOST_BYTES = 1_000_000  # of a reply: an answer has a few thousand
AGAIN = {408, 409, 425, 429, 500, 502, 503, 504, 529}


@dataclass(frozen=True)
class Reply:
    """What a model said."""

    text: str
    model: str
    tool_calls: int
    tokens: tuple[int, int] | None  # read and written, if the server says so


class Message(BaseModel):
    """What the reply calls a message."""

    content: str | None = None
    tool_calls: list[Any] | None = None


class Choice(BaseModel):
    """One of the replies."""

    message: Message
    finish_reason: str | None = None


class Usage(BaseModel):
    """Tokens, as the server counts them."""

    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)


class Completion(BaseModel):
    """The body of a reply; what else it holds is not looked at."""

    choices: list[Choice] = Field(min_length=1)
    model: str = ""
    usage: Usage | None = None


class Server:
    """Sends calls; safe for several threads.

    Raises:
        ParamsError: the address is none, or the key would cross the network in clear.
    """

    def __init__(self, settings: Endpoint) -> None:
        import httpx

        self.settings, self.key = settings, os.environ.get(KEY, "").strip()
        self.url = f"{settings.base_url.rstrip('/')}/chat/completions"
        if self.key and settings.base_url.startswith("http://") and not near(settings.base_url):
            what = f"{settings.base_url} has no TLS, and {KEY} would cross the network in clear."
            raise ParamsError(what, "set answering.endpoint.base_url to an https:// address.")
        try:
            httpx.URL(self.url)
        except httpx.InvalidURL as error:
            what = f"answering.endpoint.base_url is no address: {error}."
            raise ParamsError(what, "correct it in params.yaml.") from None
        waits = settings.waits
        self.client = httpx.Client(
            timeout=httpx.Timeout(waits.answer_s, connect=waits.connect_s),
            # Each call has a connection of its own, which ends with the time of the call.
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"Authorization": f"Bearer {self.key}"} if self.key else {},
            follow_redirects=False,
            # Certificates take longer to read than most answers of a server on this machine.
            verify=settings.base_url.startswith("https://"),
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
            response, content = within(self.settings.waits.answer_s, partial(self.send, body))
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
        return self.reply(content)

    def send(self, body: dict[str, Any], wire: Wire) -> tuple["httpx.Response", bytes]:
        """The response and its body."""
        more = {"trace": wire.seen}
        with self.client.stream("POST", self.url, json=body, extensions=more) as response:
            return response, read(response)

    def reply(self, content: bytes) -> Reply:
        """Read what a server sent; its text may still be anything."""
        fix = "see whether answering.endpoint.base_url is that of an API like OpenAI's."
        try:
            said = Completion.model_validate_json(content)
        except ValidationError as error:
            problem = error.errors()[0]["msg"].rstrip(".")
            what = f"The reply of the model is not as the API has it: {problem}."
            raise ModelFault(what, fix, again=True, down=True, tokens=None) from None
        first = said.choices[0]
        text, usage = first.message.content or "", said.usage
        tokens: tuple[int, int] | None = None
        if usage and usage.prompt_tokens:  # a call that was made reads some: 0 says nothing
            tokens = usage.prompt_tokens, usage.completion_tokens
        if first.finish_reason in ("length", "content_filter"):
            why = {"length": "its longest", "content_filter": "a filter"}[first.finish_reason]
            what = f"The reply of the model was cut off by {why}."
            fix = "raise answering.endpoint.most_tokens, or change the prompt."
            raise ModelFault(what, fix, tokens=tokens)
        asked = len(first.message.tool_calls or [])
        # Some servers call a model by its file, whose place is of that machine alone.
        name = self.settings.model if said.model.startswith(("/", ".")) else said.model
        return Reply(text, name or self.settings.model, asked, tokens)

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
        """The beginning of what a server said, without the key."""
        bare = text.replace(self.key, MASK) if self.key else text
        return " ".join(bare.split())[:200].rstrip(".")


def read(response: "httpx.Response") -> bytes:
    """The body of a response, if it is no larger than a reply may be."""
    import httpx

    content = b""
    for part in response.iter_bytes():
        content += part
        if len(content) > MOST_BYTES:
            raise httpx.ReadError(f"the reply is larger than {MOST_BYTES:,} bytes")
    return content


def wait(header: str | None) -> float | None:
    """The seconds that Retry-After asks for: a number or a date, RFC 9110, section 10.2.3."""
    try:
        return max(0.0, float(header or ""))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def near(url: str) -> bool:
    """Whether an address is of this machine or its private network."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost"))
