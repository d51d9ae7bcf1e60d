"""Who answers: the sentences of the passages, or a model at an endpoint; both may refuse."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from include.assistant.answering import extractive, forbidden, written
from include.assistant.answering.answer import Answer, Answerer, Cause, refused
from include.assistant.answering.breaker import Breaker
from include.assistant.answering.budget import Budget
from include.assistant.answering.cache import Cache
from include.assistant.answering.calling import Caller
from include.assistant.answering.endpoint import Server
from include.assistant.answering.faults import BudgetSpent, ModelFault
from include.assistant.answering.prompt import Prompt, read_prompt, shown
from include.assistant.answering.refusal import Refusal
from include.assistant.answering.settings import Answering
from include.assistant.passages import Hit


def make_answerer(
    settings: Answering, refusal: Refusal, cache: Path | Cache | None, strict: bool = False
) -> Answerer:
    """The answerer that the settings ask for.

    Args:
        cache: calls of models that were made, or a folder for them that is kept small; None: each
            call is made.
        strict: an endpoint that is down or a budget that is spent is an error, and a reply that
            cannot be used is a refusal: sentences of the passages never stand in for a model.

    Raises:
        ParamsError: the prompt is not there, or the key would cross the network in clear.
    """
    plain = Extractive(settings, refusal)
    endpoint = settings.writer
    if endpoint is None:
        return plain
    caller = Caller(
        endpoint, Server(endpoint), Cache(cache, False) if isinstance(cache, Path) else cache,
        Budget(endpoint.budget, endpoint.prices), Breaker(endpoint.breaker),
    )  # fmt: skip
    return Writing(plain, caller, read_prompt(settings.prompt), strict)


def going_on(answerer: Answerer, before: Answerer) -> Answerer:
    """An answerer that takes over from another one of this process, with its budget and breaker.

    They are of the endpoint, whatever it is asked: another one, or one set otherwise, begins anew.
    """
    if not isinstance(answerer, Writing) or not isinstance(before, Writing):
        return answerer
    same = answerer.caller.settings == before.caller.settings
    return replace(answerer, caller=before.caller) if same else answerer


@dataclass(frozen=True)
class Extractive:
    """Shows sentences of the passages, as they stand."""

    settings: Answering
    refusal: Refusal

    def answer(self, question: str, hits: Sequence[Hit]) -> Answer:
        """At most so many sentences as the settings say, or why there are none."""
        answer, usable = self.begin(question, hits)
        if answer.refused:
            return answer
        sentences = extractive.pick(question, usable, self.settings.sentences)
        if not sentences:
            return refused(answer, "forbidden", "No sentence of what was found may be shown.")
        return replace(answer, sentences=sentences)

    def begin(self, question: str, hits: Sequence[Hit]) -> tuple[Answer, list[Hit]]:
        """The answer as yet without sentences, and what to make it of; or refused at once."""
        confidence = self.refusal.confidence(question, hits)
        answer = Answer(
            question, (), False, "", confidence, tuple(hits), "extractive", "", "", 0, 0, 0.0, False
        )
        if not hits:
            return refused(answer, "confidence", "Nothing was found."), []
        if confidence < self.refusal.threshold:
            what = f"confidence {confidence:.2f}, {self.refusal.threshold:.2f} is asked for"
            reason = f"What was found is too unlike the question: {what}."
            return refused(answer, "confidence", reason), []
        usable = [hit for hit in hits if not forbidden.orders(hit)][: self.settings.passages]
        if not usable:
            reason = "All that was found speaks to the machine that reads it."
            return refused(answer, "forbidden", reason), []
        return answer, usable


@dataclass(frozen=True)
class Writing:
    """Lets a model write from the passages alone, and checks each sentence."""

    plain: Extractive
    caller: Caller
    prompt: Prompt
    strict: bool

    def answer(self, question: str, hits: Sequence[Hit]) -> Answer:
        """What the model wrote, if each sentence is supported; else why there is nothing.

        Raises:
            ModelFault: the endpoint is down, if that is strict.
            BudgetSpent: there was none left, if that is strict.
        """
        settings, endpoint = self.plain.settings, self.caller.settings
        answer, usable = self.plain.begin(question, hits)
        answer = replace(
            answer, provider="endpoint", model=endpoint.model, prompt=self.prompt.label
        )
        if answer.refused:
            return answer
        usable = [forbidden.withheld(hit) for hit in usable]
        messages = self.prompt.messages(question, shown(usable), settings.sentences)
        try:
            said, kept, cached = self.caller.call(
                messages, self.prompt.file.output, self.prompt.label, written.read
            )
        except (ModelFault, BudgetSpent) as fault:
            return self.instead(fault, answer)
        sentences, cause, reason = written.check(said, kept, usable, self.prompt, settings)
        cost = endpoint.prices.cost(kept.tokens_in, kept.tokens_out)
        answer = replace(
            answer, model=kept.model, tokens_in=kept.tokens_in, tokens_out=kept.tokens_out,
            cost=0.0 if cached else cost, call_cost=cost, cached=cached, sentences=sentences,
        )  # fmt: skip
        return refused(answer, cause, reason) if cause else answer

    def instead(self, fault: ModelFault | BudgetSpent, answer: Answer) -> Answer:
        """What is answered when the model does not."""
        if self.strict and fault.down:
            raise fault
        settings, (tokens_in, tokens_out) = self.caller.settings, fault.tokens or (0, 0)
        cause: Cause = "budget" if isinstance(fault, BudgetSpent) else "provider"
        given = refused(answer, cause, fault.what)
        if settings.when_down == "extractive" and not self.strict:
            given = replace(
                self.plain.answer(answer.question, answer.hits),
                model=answer.model, prompt=answer.prompt, stood_in=cause, fault=fault.what,
            )  # fmt: skip
        cost = settings.prices.cost(tokens_in, tokens_out)
        return replace(given, tokens_in=tokens_in, tokens_out=tokens_out, cost=cost, call_cost=cost)
