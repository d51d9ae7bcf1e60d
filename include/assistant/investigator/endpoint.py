"""The model of an endpoint: plain HTTP to one address, and no redirect is followed with the key."""

import ipaddress
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from include.assistant.investigator.settings import Endpoint
from include.errors import ParamsError

if TYPE_CHECKING:
    from pydantic_ai.models import Model

KEY = "LEEWAY_MODEL_API_KEY"
WAIT_S = 60.0  # for one answer; the whole has a budget of its own


def model_of(settings: Endpoint) -> "Model":
    """What asks the endpoint.

    Raises:
        ParamsError: its key would go over the network in clear.
    """
    import httpx
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.settings import ModelSettings

    key, url = os.environ.get(KEY, "").strip(), urlsplit(settings.base_url)
    if key and url.scheme == "http" and not local(url.hostname or ""):
        what = f"investigating.endpoint.base_url is http, and {KEY} would go over it in clear."
        raise ParamsError(what, "use https, or a server on this machine.")
    client = httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=WAIT_S)
    provider = OpenAIProvider(settings.base_url, api_key=key or "none", http_client=client)
    wanted = ModelSettings(temperature=settings.temperature, seed=settings.seed)
    return OpenAIChatModel(settings.model, provider=provider, settings=wanted)


def local(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
