"""The model of an endpoint: plain HTTP to one address, and no redirect is followed with the key."""

import json
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field, computed_field

from include.assistant.answering.endpoint import key_of_environment, see_that_safe
from include.assistant.investigator.settings import Endpoint

if TYPE_CHECKING:
    import httpx2
    from pydantic_ai.models import Model

WAIT_S = 60.0  # for one answer; the whole has a budget of its own
LARGEST = 2_000_000  # bytes of a reply: an answer has a few thousand
FRAMING = ("content-length", "transfer-encoding")  # headers of a body that may be another now
MOST_TOKENS = 10**9  # that a server may say a reply took
BYTES_PER_TOKEN = 3  # fewer than English has: what is counted for a server is rather too much


def model_of(settings: Endpoint, most: int) -> "Model":
    """What asks the endpoint.

    Args:
        most: tokens that may be read and written, together.

    Raises:
        ParamsError: the address or the key is none, or the key would cross the network in clear.
    """
    import httpx2
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.settings import ModelSettings

    key = key_of_environment()
    see_that_safe("investigating", settings.base_url, key)
    client = httpx2.AsyncClient(
        follow_redirects=False,
        trust_env=False,
        timeout=WAIT_S,
        headers={"Accept-Encoding": "identity"},
        transport=careful(),
    )
    provider = OpenAIProvider(settings.base_url, api_key=key or "none", http_client=client)
    wanted = ModelSettings(temperature=settings.temperature, seed=settings.seed)
    return counted(OpenAIChatModel(settings.model, provider=provider, settings=wanted), most)


def counted(model: "Model", most: int) -> "Model":
    """The model, whose tokens count also where its server does not say how many they were.

    Args:
        most: tokens beyond which nothing more is sent.
    """
    from pydantic_ai.exceptions import UsageLimitExceeded
    from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter, ModelResponse
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.models.wrapper import WrapperModel
    from pydantic_ai.settings import ModelSettings
    from pydantic_ai.usage import RequestUsage

    class Counted(WrapperModel):
        used = 0

        async def request(
            self,
            messages: list[ModelMessage],
            model_settings: ModelSettings | None,
            model_request_parameters: ModelRequestParameters,
        ) -> ModelResponse:
            """Ask, unless what is sent is more than there is left."""
            asked = model_request_parameters
            forms = [
                one.parameters_json_schema for one in (*asked.function_tools, *asked.output_tools)
            ]
            content = ModelMessagesTypeAdapter.dump_json(messages) + json.dumps(forms).encode()
            sent = tokens_of(content)
            if self.used + sent > most:
                raise UsageLimitExceeded(f"The next request would exceed {most} tokens")
            reply = await super().request(messages, model_settings, asked)
            if not reply.usage.total_tokens:
                written = tokens_of(ModelMessagesTypeAdapter.dump_json([reply]))
                reply.usage = RequestUsage(input_tokens=sent, output_tokens=written)
            self.used += reply.usage.total_tokens
            return reply

    return Counted(model)


def tokens_of(content: bytes) -> int:
    """How many tokens a text has at most, thereabouts."""
    return len(content) // BYTES_PER_TOKEN


class Function(BaseModel):
    """What a model asks a tool."""

    name: str
    arguments: str


class Call(BaseModel):
    """A question to a tool."""

    id: str | None = None
    type: Literal["function"] = "function"
    function: Function


class Message(BaseModel):
    """What a model says."""

    role: Literal["assistant"] = "assistant"
    content: str | None = None
    tool_calls: list[Call] | None = None


class Choice(BaseModel):
    """One answer."""

    index: int = 0
    finish_reason: str | None = None
    message: Message


class Counts(BaseModel):
    """How many tokens an answer took."""

    prompt_tokens: int = Field(default=0, ge=0, le=MOST_TOKENS)
    completion_tokens: int = Field(default=0, ge=0, le=MOST_TOKENS)

    @computed_field
    def total_tokens(self) -> int:
        """Both."""
        return self.prompt_tokens + self.completion_tokens


class Reply(BaseModel):
    """All that is passed on of a reply: libraries stumble over the rest, as odd times and calls."""

    choices: list[Choice] = Field(min_length=1)
    usage: Counts | None = None


def passed_on(content: bytes) -> bytes:
    """A reply as libraries know it.

    Raises:
        ValueError: it is none.
    """
    held = Reply.model_validate_json(content).model_dump()
    told = {"id": "", "object": "chat.completion", "created": 0, "model": ""}
    return json.dumps({**told, **held}).encode()


def careful() -> "httpx2.AsyncBaseTransport":
    """What sends requests, and passes on no reply that has no end or is none."""
    import httpx2

    class Careful(httpx2.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            """Read the whole reply, up to a size; of one that is compressed nobody knows it."""
            reply, held = await super().handle_async_request(request), bytearray()
            try:
                if reply.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
                    raise httpx2.RemoteProtocolError("the reply is compressed, unasked")
                async for part in reply.aiter_raw():
                    held += part
                    if len(held) > LARGEST:
                        raise httpx2.RemoteProtocolError("the reply has no end")
            finally:
                await reply.aclose()
            content = bytes(held)
            if reply.status_code == 200:
                try:
                    content = passed_on(content)
                except ValueError:
                    raise httpx2.RemoteProtocolError("the reply is no answer") from None
            headers = [pair for pair in reply.headers.items() if pair[0] not in FRAMING]
            return httpx2.Response(reply.status_code, headers=headers, content=content)

    return Careful()
