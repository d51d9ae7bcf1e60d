"""The model of an endpoint: plain HTTP to one address, and no redirect is followed with the key."""

import json
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from include.assistant.answering.endpoint import near
from include.assistant.answering.forbidden import KEY
from include.assistant.investigator.settings import Endpoint
from include.errors import ParamsError

if TYPE_CHECKING:
    import httpx2
    from pydantic_ai.models import Model

WAIT_S = 60.0  # for one answer; the whole has a budget of its own
LARGEST = 2_000_000  # bytes of a reply: an answer has a few thousand
BYTES_PER_TOKEN = 3  # fewer than English has: what is counted for a server is rather too much


def model_of(settings: Endpoint, most: int) -> "Model":
    """What asks the endpoint.

    Args:
        most: tokens that may be read and written, together.

    Raises:
        ParamsError: the address is none, or the key would cross the network in clear.
    """
    import httpx2
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.settings import ModelSettings

    key = os.environ.get(KEY, "").strip()
    see_that_safe(settings.base_url, key)
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


def see_that_safe(base_url: str, key: str) -> None:
    """Refuse an address that is none, and a key in clear on its way to another network."""
    import httpx2

    try:
        httpx2.URL(base_url)
        _, near_by = urlsplit(base_url).port, near(base_url)
    except (httpx2.InvalidURL, ValueError) as error:
        what = f"investigating.endpoint.base_url is no address: {error}."
        raise ParamsError(what, "correct it in params.yaml.") from None
    if key and base_url.startswith("http://") and not near_by:
        what = f"{base_url} has no TLS, and {KEY} would cross the network in clear."
        raise ParamsError(what, "set investigating.endpoint.base_url to an https:// address.")


def careful() -> "httpx2.AsyncBaseTransport":
    """What sends requests, and passes on no reply that has no end or is none."""
    import httpx2

    class Careful(httpx2.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            """Read the whole reply, up to a size: libraries stumble over what is no answer."""
            reply, held = await super().handle_async_request(request), bytearray()
            try:
                async for part in reply.aiter_raw():
                    held += part
                    if len(held) > LARGEST:
                        raise httpx2.RemoteProtocolError("the reply has no end")
            finally:
                await reply.aclose()
            if reply.status_code == 200 and not has_choices(bytes(held)):
                raise httpx2.RemoteProtocolError("the reply is no answer")
            return httpx2.Response(reply.status_code, headers=reply.headers, content=bytes(held))

    return Careful()


def has_choices(content: bytes) -> bool:
    """Whether a reply has the form of one."""
    try:
        held = json.loads(content)
    except (ValueError, RecursionError):
        return False
    choices = held.get("choices") if isinstance(held, dict) else None
    return isinstance(choices, list) and all(isinstance(one, dict) for one in choices)
