"""Who answers: the sentences of the passages, or a model at an endpoint; both may refuse."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from include.assistant.answering import extractive, forbidden
from include.assistant.answering.answer import Answer, Answerer, refused
from include.assistant.answering.refusal import Refusal
from include.assistant.answering.settings import Answering
from include.assistant.passages import Hit


def make_answerer(settings: Answering, refusal: Refusal, cache: Path | None) -> Answerer:
    """The answerer that the settings ask for.

    Args:
        cache: folder of the calls of models that were made; None: each call is made.
    """
    return Extractive(settings, refusal)


@dataclass(frozen=True)
class Extractive:
    """Shows sentences of the passages, as they stand."""

    settings: Answering
    refusal: Refusal

    def answer(self, question: str, hits: Sequence[Hit]) -> Answer:
        """At most so many sentences as the settings say, or why there are none."""
        confidence = self.refusal.confidence(question, hits)
        empty = Answer(
            question, (), False, "", confidence, tuple(hits), "extractive", "", "", 0, 0, 0.0, False
        )
        if confidence < self.refusal.threshold or not hits:
            return refused(empty, "confidence", unlike(confidence, self.refusal.threshold, hits))
        best = [hit for hit in hits if not forbidden.orders(hit)][: self.settings.passages]
        sentences = extractive.pick(question, best, self.settings.sentences)
        if not sentences:
            return refused(empty, "unsupported", "No sentence of the passages found may be shown.")
        return Answer(
            question,
            sentences,
            False,
            "",
            confidence,
            tuple(hits),
            "extractive",
            "",
            "",
            0,
            0,
            0.0,
            False,
        )


def unlike(confidence: float, threshold: float, hits: Sequence[Hit]) -> str:
    """Why a question is refused before anything is answered."""
    if not hits:
        return "Nothing was found."
    return (
        f"What was found is too unlike the question: confidence {confidence:.2f}, "
        f"{threshold:.2f} is asked for."
    )
