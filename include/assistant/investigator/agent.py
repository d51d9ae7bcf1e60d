"""A model that investigates with the same tools, under budgets; what it claims is checked.

It can only ask. What it writes is refused while a claim is not borne out, and if it does not get
there within its budget, the playbook writes the note and says why.
"""

import functools
import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from include.assistant.investigator import claims, permitted, writing
from include.assistant.investigator.drafting import Draft, Seen, as_note, complete, failed_of, seen
from include.assistant.investigator.evidence import Strict
from include.assistant.investigator.facts import Answer
from include.assistant.investigator.note import Note
from include.assistant.investigator.playbook import Playbook
from include.assistant.investigator.settings import Investigating
from include.assistant.investigator.tools import NAMES, Tools
from include.errors import DataError, ParamsError

if TYPE_CHECKING:
    from pydantic_ai import Agent
    from pydantic_ai.messages import ModelMessage
    from pydantic_ai.models import Model

PROMPT = Path(__file__).with_name("prompt.yaml")
TOLD = 10  # problems of a note that its writer is told at once


@dataclass(frozen=True)
class Told:
    """A note, and what it cost.

    Args:
        messages: all that was said between model and tools.
    """

    note: Note
    tokens: int
    cost: float
    requests: int
    messages: tuple["ModelMessage", ...] = ()


class Prompt(Strict):
    """What prompt.yaml says."""

    name: str
    version: int
    owner: str
    purpose: str
    system: str
    user: str


def investigate_by(
    tools: Tools, book: Playbook, settings: Investigating, model: "Model | None" = None
) -> Told:
    """Let a model investigate; if it fails, the playbook does.

    Args:
        model: instead of the one of the settings.
    """
    from pydantic_ai import capture_run_messages
    from pydantic_ai.exceptions import AgentRunError
    from pydantic_ai.usage import RunUsage, UsageLimits

    budget, usage = settings.budget, RunUsage()
    limits = UsageLimits(
        request_limit=budget.requests,
        tool_calls_limit=budget.tool_calls,
        total_tokens_limit=budget.tokens,
    )
    prompt, label = read_prompt()
    run = tools.evidence.about.run
    known = seen(tools, book)
    agent = made(tools, book, settings, model or endpoint(settings), known)
    with capture_run_messages() as messages:
        try:
            asked = prompt.user.replace("{run}", run)
            told = agent.run_sync(asked, usage_limits=limits, usage=usage, timeout=budget.seconds)
            by = f"{name_of(settings, model)}, {label}"
            note = complete(as_note(told.output, by, book, known), tools, known)
        except AgentRunError as error:
            fallen = writing.investigate(tools, book)
            note = fallen.model_copy(update={"reason": f"The model wrote no note: {said(error)}"})
    tokens = usage.input_tokens, usage.output_tokens
    cost = settings.endpoint.prices.cost(*tokens) if settings.endpoint else 0.0
    return Told(note, sum(tokens), cost, usage.requests, tuple(messages))


def made(
    tools: Tools, book: Playbook, settings: Investigating, model: "Model", known: Seen
) -> "Agent[None, Draft]":
    """The agent: the tools, the rules, and who checks what it writes."""
    from pydantic_ai import Agent, ModelRetry, Tool

    retries, alarms = settings.budget.retries, alarms_of(tools)
    agent = Agent(
        model,
        output_type=Draft,
        instructions=read_prompt()[0].system.replace("{causes}", ", ".join(book.causes)),
        tools=[Tool(careful(getattr(tools, name)), name=name) for name in NAMES],
        retries={"tools": retries, "output": retries},
    )

    @agent.output_validator
    def borne_out(draft: Draft) -> Draft:
        """Send a note back that says what no tool has said."""
        note = as_note(draft, "", book, known)
        wrong = [*claims.silent(note, alarms), *claims.wrong(note, tools.returned, book)]
        wrong += claims.wordy(note, tools.returned, book)
        wrong += permitted.unfounded(note, tools.returned, known.weighed)
        wrong += permitted.unfit(note, known.weighed, known.run, known.orders)
        if wrong:
            raise ModelRetry("\n".join(wrong[:TOLD]))
        return draft

    return agent


def alarms_of(tools: Tools) -> dict[str, str]:
    """The checks that failed, whether or not the model asks for them."""
    return {fact.id: fact.said for fact in failed_of(Tools(tools.evidence))}


def careful(ask: Callable[..., Answer]) -> Callable[..., Answer]:
    """A tool that tells the model what was wrong with its question."""

    @functools.wraps(ask)
    def call(asked: Any) -> Answer:
        from pydantic_ai import ModelRetry

        try:
            return ask(asked)
        except DataError as error:
            raise ModelRetry(str(error)) from None

    call.__annotations__ = {**inspect.get_annotations(ask)}
    return call


def read_prompt(path: Path = PROMPT) -> tuple[Prompt, str]:
    """The prompt, and what it is known by."""
    content = path.read_bytes()
    prompt = Prompt.model_validate(yaml.safe_load(content))
    return prompt, f"{prompt.name}@{hashlib.sha256(content).hexdigest()[:16]}"


def name_of(settings: Investigating, model: "Model | None") -> str:
    """Who writes."""
    return model.model_name if model else settings.endpoint.model if settings.endpoint else ""


def said(error: Exception) -> str:
    """Why there is no note, in words of ours: a server may have put anything into an error."""
    from pydantic_ai.exceptions import (
        ModelAPIError,
        ModelHTTPError,
        RunTimedOut,
        UnexpectedModelBehavior,
        UsageLimitExceeded,
    )

    if isinstance(error, ModelHTTPError):
        return f"its server answered {error.status_code}."
    if isinstance(error, UsageLimitExceeded):
        return "its budget of requests, questions or tokens is used up."
    if isinstance(error, RunTimedOut):
        return "it took longer than its budget has seconds."
    if isinstance(error, UnexpectedModelBehavior):
        return "what it wrote was refused too often."
    if isinstance(error, ModelAPIError):
        return "its server gave no answer that can be used."
    return f"it ended in {type(error).__name__}."


def endpoint(settings: Investigating) -> "Model":
    """The model of the settings.

    Raises:
        ParamsError: there is none, or its key would go over the network in clear.
    """
    from include.assistant.investigator.endpoint import model_of

    if settings.endpoint is None:
        what = "investigating.endpoint is not set, so no model can be asked."
        raise ParamsError(what, "set it, or investigating.provider to playbook.")
    return model_of(settings.endpoint, settings.budget.tokens)
