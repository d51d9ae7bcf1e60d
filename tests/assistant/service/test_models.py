"""An answer that a model wrote: what it costs is counted, traced and logged; faults stay inside."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import assistant_bento
import pytest
from assistant_answers import answering
from assistant_bento import KNOWN, UNKNOWN
from assistant_client import Client, lines
from assistant_server import Model, replies, status, writes
from assistant_server import model as serving
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import INVALID_SPAN
from prometheus_client import REGISTRY

from include.assistant.service.assistant import Assistant
from include.assistant.service.packaged import Settings
from include.assistant.service.traces import Traces, provider_of
from include.errors import ParamsError

SENTENCE = "A task that fails is run again after its retry delay."
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
pytestmark = pytest.mark.usefixtures("bare")


@pytest.fixture
def language_model() -> Iterator[Model]:
    """A model that writes one sentence, and then has a bad day."""
    with serving(writes((SENTENCE, [1])), status(500, "stack trace of the model")) as held:
        yield held


@pytest.fixture
def writing(laid: Path, log: Path, tmp_path: Path, language_model: Model) -> Iterator[Assistant]:
    """An assistant that lets the model write, once."""
    settings = Settings(
        search=assistant_bento.SETTINGS.search,
        answering=answering(language_model.url, waits={"tries": 1}),
    )
    made = Assistant(assistant_bento.unpacked(laid, tmp_path / "src", settings))
    yield made
    made.close()


@pytest.fixture
def spans(writing: Assistant) -> InMemorySpanExporter:
    """What is sent of the traces."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    writing.traces = Traces("assistant", provider)
    return exporter


def test_tokens_and_cost_are_told_counted_and_on_record(writing, log):
    answer = Client(writing).ask(KNOWN)
    assert [said["text"] for said in answer["sentences"]] == [SENTENCE]
    assert (answer["tokens_in"], answer["tokens_out"], answer["cost"]) == (100, 10, 0.00012)
    assert (answer["provider"], answer["language_model"]) == ("endpoint", "tiny-1")
    assert answer["prompt"].startswith("answer_from_passages@")
    assert REGISTRY.get_sample_value("leeway_tokens_total", {"direction": "in"}) == 100
    assert REGISTRY.get_sample_value("leeway_model_cost_total") == 0.00012
    [ask, _] = lines(log)
    held = ("tokens_in", "tokens_out", "cost", "language_model", "prompt", "cached")
    assert [ask[name] for name in held] == [answer[name] for name in held]


def test_an_answer_that_was_kept_is_not_paid_again(laid, log, tmp_path, monkeypatch):
    monkeypatch.setenv("LEEWAY_SERVE_CACHE", str(tmp_path / "calls"))
    with serving(writes((SENTENCE, [1]))) as server:
        settings = Settings(search=assistant_bento.SETTINGS.search, answering=answering(server.url))
        made = Assistant(assistant_bento.unpacked(laid, tmp_path / "src", settings))
        client = Client(made)
        first, again = client.ask(KNOWN), client.ask(KNOWN)
        made.close()
    assert (first["cached"], again["cached"]) == (False, True)
    assert (first["cost"], again["cost"]) == (0.00012, 0)
    assert REGISTRY.get_sample_value("leeway_model_cost_total") == 0.00012
    assert REGISTRY.get_sample_value("leeway_tokens_total", {"direction": "in"}) == 100
    assert [ask["cost"] for ask in lines(log) if ask["kind"] == "ask"] == [0.00012, 0]


def test_what_a_model_server_says_of_its_fault_is_for_the_log_alone(writing, caplog):
    client = Client(writing)
    client.ask(KNOWN)
    answer = client.ask(KNOWN)
    assert (answer["refused"], answer["cause"]) == (True, "provider")
    assert answer["reason"] == "The model did not answer as it should."
    assert "stack trace of the model" in caplog.text
    calls = REGISTRY.get_sample_value("leeway_model_answers_total", {"cached": "false"})
    assert calls == 2


def test_sentences_that_stand_in_for_a_model_say_so_and_what_it_took(laid, log, tmp_path, caplog):
    with serving(replies("Sure! Here it is.")) as server:
        held = answering(server.url, waits={"tries": 1}, when_down="extractive")
        settings = Settings(search=assistant_bento.SETTINGS.search, answering=held)
        made = Assistant(assistant_bento.unpacked(laid, tmp_path / "src", settings))
        answer = Client(made).ask(KNOWN)
        made.close()
    assert (answer["refused"], answer["provider"], answer["stood_in"]) == (
        False,
        "extractive",
        True,
    )
    [ask, _] = lines(log)
    for told in (answer, ask):
        assert (told["stood_in"], told["tokens_in"], told["cost"]) == (True, 100, 0.00012)
        assert told["language_model"] == "tiny"
    stood_in = REGISTRY.get_sample_value("leeway_stood_in_total", {"cause": "provider"})
    assert (stood_in, REGISTRY.get_sample_value("leeway_model_cost_total")) == (1, 0.00012)
    assert "did not reply in the form asked for" in caplog.text


def test_a_request_is_a_trace_of_a_search_and_a_chat_without_contents(writing, spans):
    client = Client(writing)
    sent = {"json": {"question": KNOWN, "limit": 3}, "headers": {"traceparent": PARENT}}
    client.post("/ask", **sent)
    found, chat, whole = spans.get_finished_spans()
    assert {f"{span.context.trace_id:032x}" for span in (found, chat, whole)} == {PARENT[3:35]}
    assert found.parent.span_id == chat.parent.span_id == whole.context.span_id
    assert [span.name for span in (found, chat, whole)] == [
        f"retrieval {writing.packaged.version}",
        "chat tiny-1",
        "POST /ask",
    ]
    assert dict(found.attributes) == {
        "gen_ai.operation.name": "retrieval",
        "gen_ai.data_source.id": writing.packaged.version,
        "gen_ai.request.top_k": 10,  # of which three are shown
        "leeway.hits": 4,
    }
    told = dict(chat.attributes)
    expected: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "tiny",
        "gen_ai.response.model": "tiny-1",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 10,
        "server.address": "127.0.0.1",
        "leeway.refused": False,
    }
    assert {name: told[name] for name in expected} == expected
    assert dict(whole.attributes)["http.response.status_code"] == 200
    written = " ".join(span.to_json() for span in (found, chat, whole))
    assert KNOWN not in written and SENTENCE not in written


def test_contents_are_traced_where_that_is_asked_for(writing, monkeypatch, spans):
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")
    writing.traces = Traces("assistant", writing.traces.provider)
    Client(writing).ask(KNOWN)
    found, chat, _ = spans.get_finished_spans()
    assert found.attributes["gen_ai.retrieval.query.text"] == KNOWN
    [message] = json.loads(chat.attributes["gen_ai.output.messages"])
    assert message["parts"] == [{"type": "text", "content": SENTENCE}]


def test_a_question_that_no_model_was_asked_is_no_chat(writing, spans, language_model):
    Client(writing).ask(UNKNOWN)
    assert [span.name for span in spans.get_finished_spans()][1:] == [
        "answer endpoint",
        "POST /ask",
    ]
    assert language_model.requests == []
    assert REGISTRY.get_sample_value("leeway_model_answers_total", {"cached": "false"}) == 0


def test_without_a_place_to_send_them_to_nothing_is_traced(monkeypatch):
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    assert provider_of("assistant") is None
    # Not even a span that is sent nowhere: a search is short.
    assert Traces("assistant").request("POST", "/search", {}) is INVALID_SPAN
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert provider_of("assistant") is None


def test_traces_are_sent_by_the_protocol_that_the_bento_has(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    made = provider_of("assistant")
    assert made is not None
    assert made.resource.attributes["service.name"] == "assistant"
    made.shutdown()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(ParamsError, match=r"is 'grpc', but .*\n  Next: unset OTEL_EXPORTER_OTLP_P"):
        provider_of("assistant")
