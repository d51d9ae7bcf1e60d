"""Which model stands behind a name, as far as its server says: another one is asked anew."""

import json
from typing import Any

from pydantic import BaseModel, ValidationError

# What vLLM says of an adapter, or of the folder of a model; and llama.cpp of its file. Not
# `created`: both fill it with the moment at which they are asked.
TOLD = ("root", "parent", "meta")


class Models(BaseModel):
    """The body of GET /v1/models."""

    data: list[dict[str, Any]]


def identity(content: bytes, name: str) -> str:
    """What a list of models says of one, as JSON; nothing where it is none, or says nothing."""
    try:
        listed = Models.model_validate_json(content).data
    except ValidationError:
        return ""
    found = next((entry for entry in listed if entry.get("id") == name), {})
    told = {word: found[word] for word in TOLD if found.get(word)}
    return json.dumps(told, sort_keys=True) if told else ""
