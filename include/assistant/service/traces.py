"""Traces by OpenTelemetry's conventions for generative AI, sent where the environment says.

Without OTEL_EXPORTER_OTLP_ENDPOINT nothing is traced. What people and models write is left out,
unless OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT is `true`.
"""

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry import propagate, trace
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Status, StatusCode

from include.assistant.answering.answer import Answer
from include.assistant.answering.settings import Endpoint
from include.assistant.passages import Hit
from include.assistant.service.told import Asked, called, failure
from include.errors import ParamsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
CONTENTS = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
NAME = "OTEL_SERVICE_NAME"


class Traces:
    """Makes spans: of each request, and in it of the search and of the answer.

    Where they go nowhere none is made: most services have no collector, and a search is short.

    Args:
        name: of the service, if the environment gives it no other.
        provider: of spans; None: as the environment says.

    Raises:
        ParamsError: the environment asks for what this service cannot send.
    """

    def __init__(self, name: str, provider: "TracerProvider | None" = None) -> None:
        self.provider = provider or provider_of(name)
        tracer = self.provider.get_tracer("leeway.assistant") if self.provider else None
        self.tracer = tracer or trace.NoOpTracer()
        self.contents = os.environ.get(CONTENTS, "").lower() == "true"

    def request(self, method: str, path: str, headers: Mapping[str, str]) -> Span:
        """The span of a request, in the trace of its client if it names one."""
        if self.provider is None:
            return INVALID_SPAN
        span = self.tracer.start_span(
            f"{method} {path}", propagate.extract(headers), kind=SpanKind.SERVER
        )
        span.set_attributes({"http.request.method": method, "http.route": path})
        return span

    def searched(
        self, asked: Asked, most: int, hits: Sequence[Hit], times_ns: tuple[int, int]
    ) -> None:
        """The span of a search for so many passages that is done, from its beginning to its end."""
        if self.provider is None:
            return
        version, question = asked.by.version, asked.question
        span = self.inside(asked.span, f"retrieval {version}", SpanKind.INTERNAL, times_ns[0])
        span.set_attributes(
            {
                "gen_ai.operation.name": "retrieval",
                "gen_ai.data_source.id": version,
                "gen_ai.request.top_k": most,
                "leeway.hits": len(hits),
            }
        )
        if self.contents:
            found = [{"id": hit.id, "score": hit.score} for hit in hits]
            span.set_attribute("gen_ai.retrieval.query.text", question.question)
            span.set_attribute("gen_ai.retrieval.documents", json.dumps(found))
        span.end(times_ns[1])

    def answered(self, asked: Asked, answer: Answer, times_ns: tuple[int, int]) -> None:
        """The span of an answer that is made: of a chat with a model, if one was asked."""
        if self.provider is None:
            return
        name, kind = f"answer {answer.provider}", SpanKind.INTERNAL
        attributes: dict[str, str | int | float | bool] = {
            "leeway.refused": answer.refused,
            "leeway.cause": answer.cause,
            "leeway.stood_in": bool(answer.stood_in),
            "leeway.confidence": answer.confidence,
            "leeway.sentences": len(answer.sentences),
        }
        if called(answer):
            name, kind = f"chat {answer.model}", SpanKind.CLIENT
            attributes |= chat(answer, asked.by.settings.answering.writer)
        span = self.inside(asked.span, name, kind, times_ns[0])
        span.set_attributes(attributes)
        if self.contents and called(answer):
            written = () if answer.stood_in else answer.sentences
            said = " ".join(sentence.text for sentence in written)
            span.set_attribute("gen_ai.input.messages", message("user", answer.question))
            span.set_attribute("gen_ai.output.messages", message("assistant", said))
        if failed := failure(answer):
            span.set_attribute("error.type", failed)
            span.set_status(Status(StatusCode.ERROR))
        span.end(times_ns[1])

    def inside(self, parent: Span, name: str, kind: SpanKind, began_ns: int) -> Span:
        """A span in another one."""
        context = trace.set_span_in_context(parent)
        return self.tracer.start_span(name, context, kind=kind, start_time=began_ns)

    def close(self) -> None:
        """Send what is not sent yet."""
        if self.provider is not None:
            self.provider.shutdown()


def replied(span: Span, status: int) -> None:
    """End the span of a request that was replied to."""
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        span.set_attribute("error.type", str(status))
        span.set_status(Status(StatusCode.ERROR))
    span.end()


def chat(answer: Answer, endpoint: Endpoint | None) -> dict[str, str | int | float | bool]:
    """What the conventions say of a call of a model."""
    found: dict[str, str | int | float | bool] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",  # whose API it speaks, whoever serves the model
        "gen_ai.request.model": endpoint.model if endpoint else answer.model,
        "gen_ai.response.model": answer.model,
        "gen_ai.usage.input_tokens": answer.tokens_in,
        "gen_ai.usage.output_tokens": answer.tokens_out,
        "gen_ai.prompt.name": answer.prompt,
        "leeway.cached": answer.cached,
        "leeway.cost": answer.cost,
    }
    if endpoint:
        at = urlsplit(endpoint.base_url)
        found |= {
            "gen_ai.request.seed": endpoint.seed,
            "gen_ai.request.temperature": endpoint.temperature,
            "gen_ai.request.max_tokens": endpoint.most_tokens,
            "server.address": at.hostname or "",
            "server.port": at.port or (443 if at.scheme == "https" else 80),
        }
    return found


def message(role: str, text: str) -> str:
    """One message, as the conventions write a list of them."""
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])


def addressed(url: str) -> bool:
    """Whether a text is an address that traces can be sent to."""
    try:
        at = urlsplit(url)
        return at.scheme in ("http", "https") and bool(at.hostname) and at.port != 0
    except ValueError:
        return False


def provider_of(name: str) -> "TracerProvider | None":
    """What sends spans by OTLP; None where the environment names no place for them.

    Raises:
        ParamsError: to no address, or by a protocol that is none of this service.
    """
    named = [word for word in ENDPOINTS if os.environ.get(word, "").strip()]
    if not named or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    for word in named:
        if not addressed(held := os.environ[word].strip()):
            what = f"{word} is {held!r}, which is no http:// or https:// address."
            raise ParamsError(what, f"set {word} to one, such as http://127.0.0.1:4318.")
    for word in PROTOCOLS:
        if os.environ.get(word, "http/protobuf") != "http/protobuf":
            what = f"{word} is {os.environ[word]!r}, but traces are sent by http/protobuf alone."
            raise ParamsError(what, f"unset {word}; the usual port of a collector is 4318 then.")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    about = {"service.name": os.environ.get(NAME) or name}
    provider = TracerProvider(resource=Resource.create(about))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
