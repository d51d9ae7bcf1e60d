"""Stage evaluate_answers: what is answered, what of it is so, and what is rightly refused."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from include import step
from include.assistant.answering.answer import Answer, Answerer
from include.assistant.answering.answerer import going_on, make_answerer
from include.assistant.answering.cache import Cache
from include.assistant.answering.hostile import read_hostile
from include.assistant.answering.refusal import Refusal
from include.assistant.answering.settings import Answering
from include.assistant.evaluation import intervals, judging
from include.assistant.evaluation.answered import Asker
from include.assistant.evaluation.asked import read_questions
from include.assistant.evaluation.intervals import Evaluation
from include.assistant.passages import Hit
from include.assistant.retrieval.search import Search, Searcher
from include.step import Kept, Out


class Params(BaseModel):
    """Section evaluate_answers of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    support_share: float = Field(
        gt=0, le=1, description="share of a sentence's words that a passage that supports it has"
    )


def evaluate_answers(
    held_out: Path,
    questions: Path,
    encoder: Path,
    query_encoder: Path,
    refusal: Path,
    hostile: Path,
    calls: Kept,
    predictions: Out,
    metrics: Out,
    search: Search,
    answering: Answering,
    evaluation: Evaluation,
    params: Params,
) -> None:
    """Ask the questions of the test fold and the hostile set, and judge each answer."""
    calls.mkdir(parents=True, exist_ok=True)
    searcher = Searcher.load(held_out, encoder, query_encoder, search)
    kept = Cache(calls)
    held = Refusal.load(refusal)
    answerer = make_answerer(answering, held, kept, strict=True)
    anyway = going_on(make_answerer(answering, held.of_nothing(), kept, strict=True), answerer)
    answer = Timed(answerer)
    search_for = partial(found, searcher, answering.hits)
    asker = Asker(search_for, answer, anyway.answer, params.support_share)
    test = read_questions(questions).filter(pl.col("fold") == "test")
    answers = pl.concat([asker.ask(test), asker.attack(read_hostile(hostile))])
    kept.forget_others()
    answers.write_parquet(predictions)
    numbers = judging.measure(answers, evaluation)
    intervals.write_metrics(metrics, numbers)
    print(", ".join(f"{name} {value}" for name, value in numbers.items()))
    print(answer.told(), flush=True)


def found(searcher: Searcher, most: int, question: str, without: frozenset[str]) -> list[Hit]:
    """What the search finds, as it is served."""
    return searcher.search(question, most, without=without)


class Timed:
    """An answerer by the clock: what differs between two runs is printed, and in no file."""

    def __init__(self, answerer: Answerer) -> None:
        self.answerer = answerer
        self.took: list[float] = []  # seconds of each answer
        self.kept = 0  # answers for which a call was kept that was made before

    def __call__(self, question: str, hits: Sequence[Hit]) -> Answer:
        """An answer."""
        began = time.perf_counter()
        given = self.answerer.answer(question, hits)
        self.took.append(time.perf_counter() - began)
        self.kept += given.cached
        return given

    def told(self) -> str:
        """How long answers took, in words."""
        middle, slow = 1000 * np.quantile(self.took, [0.5, 0.95])
        return (
            f"Half of the answers took {middle:.1f} ms at most, 95 of 100 {slow:.1f} ms; "
            f"for {self.kept} of {len(self.took)} a model had been called before."
        )


if __name__ == "__main__":
    raise SystemExit(step.run(evaluate_answers))
