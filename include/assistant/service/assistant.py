"""The assistant as it answers: a question in; passages, sentences and numbers out."""

import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import bentoml

from include.assistant.answering import forbidden
from include.assistant.answering.answerer import make_answerer
from include.assistant.answering.refusal import Refusal
from include.assistant.passages import Hit
from include.assistant.retrieval.encoder import Vector
from include.assistant.service import openapi
from include.assistant.service.asked import Feedback, Question
from include.assistant.service.counts import Counts
from include.assistant.service.following import Following, begun_with
from include.assistant.service.packaged import (
    REFUSAL,
    SETTINGS,
    Packaged,
    check_cache,
    read_settings,
)
from include.assistant.service.record import Record
from include.assistant.service.told import Answered, Asked, Found, failure, shown
from include.assistant.service.traces import Traces
from include.assistant.service.work import Work
from include.errors import PlatformError
from include.serving.answers import settle
from include.serving.clock import start_clock
from include.serving.counts import reserve_room
from include.serving.gate import read_token
from include.serving.manifest import log, read_manifest
from include.serving.served import SAME_PACKAGES

# Of an answer, beside its sentences.
SHOWN = (
    *("refused", "cause", "confidence", "provider", "prompt"),
    *("tokens_in", "tokens_out", "cost", "cached"),
)


class Assistant:
    """A packaged assistant that answers requests: the base of the class that BentoML runs.

    Args:
        own: the folder that packaging laid out.

    Raises:
        PlatformError: it holds no assistant, or the log of questions cannot be written.
    """

    def __init__(self, own: Path) -> None:
        self.now = start_clock()
        self.counts, self.record = Counts(), Record()
        self.following = Following(own, self.counts)
        about = self.packaged.manifest
        self.work = Work(about["searches_at_once"], about["requests_at_once"])
        self.traces = Traces(self.packaged.manifest["name"])
        self.following.start()
        if self.packaged.fault:
            log.error("%s\n  Next: %s", self.packaged.fault, SAME_PACKAGES)
        else:
            log.info("%s is ready, with %s passages", self.packaged.version, about["passages"])
        if bentoml.server_context.worker_index is not None:
            reserve_room()
            settle()
            threading.Thread(target=self.look_through, name="looking through", daemon=True).start()

    def look_through(self) -> None:
        """See what people may see of the passages, which the first searches would wait for."""
        held = self.packaged.searcher.index.table.select("titles", "text")
        for titles, text in held.head(forbidden.MOST_SEEN).iter_rows():
            if self.following.ended.wait(0.001):  # others go first
                return
            forbidden.seen(tuple(titles), text)

    @property
    def packaged(self) -> Packaged:
        """Who answers now. A request takes it once, and keeps it."""
        return self.following.now

    def __is_ready__(self) -> bool:
        return not self.packaged.fault

    async def find(self, asked: Asked, least: int = 0) -> Found:
        """The passages for a question: as many as are to be shown, or `least` if that is more."""
        searcher, question = asked.by.searcher, asked.question
        most = max(question.limit, least)
        began, began_ns = time.perf_counter(), time.time_ns()

        def search() -> tuple[Vector, list[Hit], list[dict[str, Any]]]:
            vector = searcher.encode(question.question)
            hits = searcher.search(question.question, most, vector=vector)
            return vector, hits, [shown(hit) for hit in hits]

        vector, hits, told = await self.work.search(search)
        seconds = time.perf_counter() - began
        self.counts.searching.observe(seconds)
        self.traces.searched(asked, most, hits, (began_ns, time.time_ns()))
        return Found(hits, told, vector, seconds * 1000)

    async def search(self, asked: Asked) -> dict[str, Any]:
        """The reply to POST /search.

        Raises:
            NotLogged: it cannot be put on record.
        """
        found = await self.find(asked)
        self.record.search(asked, found)
        return self.told_hits(asked, found.shown)

    async def answer(self, asked: Asked, found: Found) -> Answered:
        """The answer, which is on record then.

        Raises:
            NotLogged: it cannot be, so nobody must be told.
        """
        began, began_ns = time.perf_counter(), time.time_ns()
        hits = found.hits[: asked.by.settings.answering.hits]
        make = partial(asked.by.answerer.answer, asked.question.question, hits)
        answer = await self.work.answer(make)
        seconds = time.perf_counter() - began
        self.counts.answer(answer, seconds)
        self.traces.answered(asked, answer, (began_ns, time.time_ns()))
        if failure(answer):
            log.warning("request %s: %s", asked.request_id, answer.fault or answer.reason)
        answered = Answered(answer, found.milliseconds + seconds * 1000)
        self.record.ask(asked, found, answered)
        return answered

    def told_hits(self, asked: Asked, hits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """What a client is told first: the passages."""
        return {
            "request_id": asked.request_id,
            "model": asked.by.version,
            "registered": asked.by.registered or None,
            "hits": hits,
        }

    def told_end(self, asked: Asked, answered: Answered) -> dict[str, Any]:
        """What a client is told last: all that there is to say beside the sentences."""
        return {
            "request_id": asked.request_id,
            **{name: getattr(answered.answer, name) for name in SHOWN},
            "reason": answered.reason,
            "stood_in": bool(answered.answer.stood_in),
            "language_model": answered.answer.model,
            "threshold": asked.by.refusal.threshold,
            "latency_ms": round(answered.milliseconds, 3),
        }

    def feedback(self, feedback: Feedback) -> dict[str, Any]:
        """The reply to POST /feedback.

        Raises:
            NotLogged: it cannot be put on record.
        """
        self.record.feedback(self.now(), feedback)
        self.counts.feedback(feedback.useful)
        kept = self.record.keeps_words and bool(feedback.comment)
        return {"request_id": feedback.request_id, "comment_kept": kept}

    def schema(self) -> dict[str, object]:
        """What to send, and who answers."""
        about = self.packaged.manifest
        shown = ("name", "version", "passages", "sources", "provider", "language_model")
        sent = {kind.__name__.lower(): kind.model_json_schema() for kind in (Question, Feedback)}
        held = {key: about[key] for key in shown}
        held["registered"] = self.packaged.registered or None
        return {**held, "words_kept": self.record.keeps_words, **sent}

    def openapi(self) -> dict[str, object]:
        """What to send to which path, as OpenAPI."""
        return openapi.document(self.packaged.manifest["name"], self.packaged.manifest["version"])

    def close(self) -> None:
        """Let go of threads, log and traces."""
        self.following.ended.set()
        self.work.close()
        self.record.close()
        self.traces.close()


def check_start(own: Path) -> None:
    """Stop before the first worker starts: a worker that fails is started again for ever."""
    try:
        read_token()
        start_clock()
        first = begun_with(own)
        answering = read_settings(first / SETTINGS).answering
        make_answerer(answering, Refusal.load(first / REFUSAL), None)
        check_cache()
        Traces(str(read_manifest(first)["name"])).close()
        Record().close()
    except PlatformError as error:
        raise bentoml.exceptions.BentoMLException(str(error)) from None
