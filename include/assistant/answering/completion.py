"""What a reply of an API like OpenAI's holds, as servers really send it; all else is a fault."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from include.assistant.answering import forbidden
from include.assistant.answering.faults import ModelFault

# What a server calls its model is shown, logged and traced, so it is no sentence and no key.
NAME = re.compile(r"[A-Za-z0-9][\w.:/@+-]{0,99}", re.ASCII)


@dataclass(frozen=True)
class Reply:
    """What a model said."""

    text: str
    model: str
    tool_calls: int
    tokens: tuple[int, int] | None  # read and written, if the server says so


class Part(BaseModel):
    """A part of a message that comes in several."""

    text: str | None = None


class Message(BaseModel):
    """What the reply calls a message."""

    content: str | list[Part] | None = None
    tool_calls: list[Any] | None = None

    @property
    def text(self) -> str:
        """What is written in it."""
        if isinstance(self.content, list):
            return "".join(part.text or "" for part in self.content)
        return self.content or ""


class Choice(BaseModel):
    """One of the replies."""

    message: Message
    finish_reason: str | None = None


class Usage(BaseModel):
    """Tokens, as the server counts them."""

    prompt_tokens: int = Field(ge=1)  # a call that was made reads some: 0 says nothing
    completion_tokens: int = Field(ge=0)


class Completion(BaseModel):
    """The body of a reply; what else it holds is not looked at."""

    choices: list[Choice] = Field(min_length=1)
    model: Any = None
    usage: Any = None


def reply(content: bytes, asked: str) -> Reply:
    """Read what a server sent; its text may still be anything.

    Args:
        asked: the model that was asked, which is its name where the server has none to show.

    Raises:
        ModelFault: it is no reply, or not all of one.
    """
    try:
        said = Completion.model_validate_json(content)
    except ValidationError as error:
        problem = error.errors()[0]["msg"].rstrip(".")
        what = f"The reply of the model is not as the API has it: {problem}."
        fix = "see whether answering.endpoint.base_url is that of an API like OpenAI's."
        raise ModelFault(what, fix, again=True, down=True, tokens=None) from None
    first, tokens = said.choices[0], counted(said.usage)
    if first.finish_reason in ("length", "content_filter"):
        why = {"length": "its longest", "content_filter": "a filter"}[first.finish_reason]
        what = f"The reply of the model was cut off by {why}."
        fix = "raise answering.endpoint.most_tokens, or change the prompt."
        raise ModelFault(what, fix, tokens=tokens)
    calls = len(first.message.tool_calls or [])
    return Reply(first.message.text, named(said.model, asked), calls, tokens)


def counted(usage: object) -> tuple[int, int] | None:
    """Tokens read and written; None where a server does not say both."""
    try:
        held = Usage.model_validate(usage)
    except ValidationError:
        return None
    return held.prompt_tokens, held.completion_tokens


def named(name: object, asked: str) -> str:
    """The model as its server names it, where that is a name; else as the settings do.

    Some servers call a model by its file, whose place is of that machine alone.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        return asked
    return asked if forbidden.TOKENS.search(name) or forbidden.in_use(name) else name
