"""The numbers of GET /metrics, over all workers of a server. No label is a text of a client."""

from typing import get_args

from prometheus_client import Counter, Gauge, Histogram

from include.assistant.answering.answer import OUTAGES, Answer, Cause
from include.assistant.service.packaged import Packaged
from include.assistant.service.told import called
from include.serving.counts import BUCKETS

SLOW = (*BUCKETS, 10, 30, 60, 120)  # seconds; models take that long


class Counts:
    """What the assistant counts: made once, by the worker, for BentoML adds up those of all."""

    def __init__(self) -> None:
        self.seconds = Histogram(
            "leeway_request_seconds", "How long a request took", ["path", "status"], buckets=SLOW
        )
        self.asked = Counter("leeway_questions", "Questions, by why they were refused", ["refused"])
        self.unsupported = Counter(
            "leeway_citations_failed", "Answers of a model that did not hold by their passages"
        )
        self.searching = Histogram(
            "leeway_search_seconds", "How long a search took", buckets=BUCKETS
        )
        self.answering = Histogram(
            "leeway_answer_seconds", "How long an answer took after it", ["provider"], buckets=SLOW
        )
        self.confidence = Histogram(
            "leeway_confidence",
            "That the passages found answer the question",
            buckets=[tenth / 10 for tenth in range(1, 11)],
        )
        self.tokens = Counter("leeway_tokens", "Tokens of models", ["direction"])
        self.cost = Counter("leeway_model_cost", "What models cost, in the currency of the prices")
        self.stood_in = Counter(
            "leeway_stood_in",
            "Answers in place of a model that failed, by what befell it",
            ["cause"],
        )
        self.calls = Counter("leeway_model_answers", "Answers of models", ["cached"])
        self.useful = Counter("leeway_feedback", "What people thought of answers", ["useful"])
        self.busy = Counter("leeway_busy", "Requests refused, as too many were being answered")
        self.swaps = Counter("leeway_swaps", "Assistants taken while serving")
        self.swaps_refused = Counter("leeway_swaps_refused", "Assistants not taken")
        self.info = Gauge(
            "leeway_model_info",
            "1 for the assistant that answers now, 0 for one that did",
            ["version", "registered"],
            multiprocess_mode="mostrecent",
        )
        self.begin()

    def begin(self) -> None:
        """Show each number from the start: one that is not there cannot be watched."""
        for cause in get_args(Cause):
            self.asked.labels(cause)
        for word in ("true", "false"):
            self.useful.labels(word)
            self.calls.labels(word)
        for cause in OUTAGES:
            self.stood_in.labels(cause)
        for direction in ("in", "out"):
            self.tokens.labels(direction)

    def request(self, path: str, status: int, seconds: float) -> None:
        """Count a request, whatever became of it."""
        self.seconds.labels(path, str(status)).observe(seconds)

    def answer(self, answer: Answer, seconds: float) -> None:
        """Count an answer, and what it took."""
        self.asked.labels(answer.cause).inc()
        self.confidence.observe(answer.confidence)
        self.answering.labels(answer.provider).observe(seconds)
        if answer.cause == "unsupported":
            self.unsupported.inc()
        if answer.stood_in:
            self.stood_in.labels(answer.stood_in).inc()
        if called(answer):
            self.calls.labels(str(answer.cached).lower()).inc()
            if not answer.cached:  # else they were counted when the call was made
                self.tokens.labels("in").inc(answer.tokens_in)
                self.tokens.labels("out").inc(answer.tokens_out)
            self.cost.inc(answer.cost)

    def swap(self, before: Packaged | None, now: Packaged) -> None:
        """Say which assistant answers, and which does no more."""
        if before is not None:
            self.swaps.inc()
            self.info.labels(before.version, before.registered).set(0)
        self.info.labels(now.version, now.registered).set(1)

    def feedback(self, useful: bool) -> None:
        """Count what somebody thought of an answer."""
        self.useful.labels(str(useful).lower()).inc()
