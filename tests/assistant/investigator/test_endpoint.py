"""The model of an endpoint: which address may be asked, and what its replies are counted as."""

import json

import pytest
from assistant_evidence import WINDOWS, tools
from assistant_server import Behaviour, Handler, model, said

from include.assistant.answering.settings import Prices
from include.assistant.investigator import playbook
from include.assistant.investigator.agent import investigate_by
from include.assistant.investigator.endpoint import model_of
from include.assistant.investigator.settings import Budget, Endpoint, Investigating
from include.errors import ParamsError


def settings(url: str) -> Investigating:
    prices = Prices(currency="EUR", tokens_in=1.0, tokens_out=2.0)
    endpoint = Endpoint(base_url=url, model="m", seed=7, temperature=0, prices=prices)
    budget = Budget(requests=30, tool_calls=100, tokens=10_000, seconds=30, retries=1)
    return Investigating(provider="endpoint", endpoint=endpoint, budget=budget)


def asks(tokens: int | None) -> Behaviour:
    """A model that asks for the runs again and again, with many words."""

    def answer(handler: Handler) -> None:
        function = {"name": "list_runs", "arguments": "{}"}
        call = {"id": f"c{len(handler.server.requests)}", "type": "function", "function": function}
        body = json.loads(said("word " * 600, None, "tool_calls", tool_calls=[call]))
        body |= {"id": "x", "object": "chat.completion", "created": 1}
        if tokens is not None:
            one = tokens // 2
            body["usage"] = {"prompt_tokens": one, "completion_tokens": one, "total_tokens": tokens}
        handler.send(json.dumps(body).encode(), Content_Type="application/json")

    return answer


@pytest.mark.parametrize("tokens", [None, 0, 6000], ids=["not told", "said to be none", "told"])
def test_the_budget_of_tokens_holds_whatever_a_server_says_of_them(tmp_path, tokens):
    held = tools(tmp_path, *WINDOWS)
    with model(asks(tokens)) as server:
        told = investigate_by(held, playbook.read(), settings(server.url))
        sent = sum(len(json.dumps(one)) for one in server.requests)
    why = "its budget of requests, questions or tokens is used up."
    assert told.note.reason == f"The model wrote no note: {why}"
    assert 0 < len(server.requests) <= 2
    assert sent / 3 < told.tokens <= 10_000
    assert told.cost > 0


@pytest.mark.parametrize("told", [{"created": 10**20}, {"id": 5, "model": None}, {"usage": None}])
def test_what_a_server_says_of_itself_ends_nothing(tmp_path, told):
    def answer(handler: Handler) -> None:
        body = json.loads(said("Nothing.", None, "eos")) | told
        handler.send(json.dumps(body).encode(), Content_Type="application/json")

    with model(answer) as server:
        found = investigate_by(tools(tmp_path, *WINDOWS), playbook.read(), settings(server.url))
    assert found.note.reason == "The model wrote no note: what it wrote was refused too often."


@pytest.mark.parametrize("url", ["http://[::1/v1", "http://a:99999/v1", "http://a:b/v1"])
def test_an_address_that_is_none_is_named(url):
    with pytest.raises(
        ParamsError, match="investigating.endpoint.base_url is no address: .*\n.*Next"
    ):
        model_of(settings(url).endpoint, 1000)


def test_the_model_of_the_compose_file_may_be_asked_with_the_key_that_it_gives(monkeypatch):
    monkeypatch.setenv("LEEWAY_MODEL_API_KEY", "k" * 20)
    assert model_of(settings("http://inference:8000/v1").endpoint, 1000).model_name == "m"


def test_a_key_that_no_header_can_hold_is_refused_unshown(monkeypatch):
    monkeypatch.setenv("LEEWAY_MODEL_API_KEY", "sk-of-ours\nand more")
    with pytest.raises(ParamsError, match="LEEWAY_MODEL_API_KEY holds a space, an end") as error:
        model_of(settings("http://127.0.0.1:9/v1").endpoint, 1000)
    assert "sk-of-ours" not in str(error.value)
