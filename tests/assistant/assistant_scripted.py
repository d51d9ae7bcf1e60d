"""A model that says what a test has it say, and the note that comes of it."""

from assistant_evidence import WINDOWS, tools
from pydantic_ai.messages import ModelMessage, ModelResponse, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from include.assistant.answering.settings import Prices
from include.assistant.investigator import playbook
from include.assistant.investigator.agent import Told, investigate_by
from include.assistant.investigator.settings import Budget, Endpoint, Investigating
from include.assistant.investigator.tools import Tools

PRICES = Prices(currency="EUR", tokens_in=1.0, tokens_out=2.0)
BUDGET = Budget(requests=5, tool_calls=6, tokens=50_000, seconds=30, retries=1)
SAID = "The check auc failed in the window from 2025-03-01: auc is 0.55;"
CLAIM = {"text": "The AUC is 0.55.", "citations": [{"id": "check:auc", "quote": SAID}]}


def settings(url: str = "http://127.0.0.1:9/v1", **budget: float) -> Investigating:
    held = Budget(**{**BUDGET.model_dump(), **budget})
    endpoint = Endpoint(base_url=url, model="m", seed=7, temperature=0, prices=PRICES)
    return Investigating(provider="endpoint", endpoint=endpoint, budget=held)


def note(*claims: dict, **more: object) -> ToolCallPart:
    return ToolCallPart("final_result", {"moved": [*claims], **more})


def cause(name: str, *claims: dict, **more: object) -> dict:
    return {"cause": name, "claims": [*(claims or (CLAIM,))], **more}


def told_by(tmp_path, *said: list, **budget: float) -> Told:
    """The note of a model that says these things, one after the other."""
    return asking(tools(tmp_path, *WINDOWS), *said, **budget)


def asking(held: Tools, *said: list, **budget: float) -> Told:
    def speak(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        place = sum(isinstance(one, ModelResponse) for one in messages)
        return ModelResponse(parts=said[min(place, len(said) - 1)])

    return investigate_by(
        held, playbook.read(), settings(**budget), FunctionModel(speak, model_name="script")
    )


def ask(times: int = 1) -> list[ToolCallPart]:
    return [ToolCallPart("list_runs", {}) for _ in range(times)]
