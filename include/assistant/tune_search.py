"""Stage tune_search: what the words of a question should count, by the validation questions.

The weight that serves is search.bm25_weight of params.yaml. This stage says which one the questions
would choose, and what it costs not to take it: people decide, and the lockfile shows it.
"""

import json
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from include import step
from include.assistant.evaluation.asked import read_questions
from include.assistant.evaluation.ranking import MEASURES, measured, ranked
from include.assistant.retrieval.search import Scores, Search, Searcher
from include.errors import DataError
from include.step import Out


class Params(BaseModel):
    """Section tune_search of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: tuple[float, ...] = Field(min_length=1, description="of BM25, that are compared")


def tune_search(
    held_out: Path,
    questions: Path,
    encoder: Path,
    query_encoder: Path,
    metrics: Out,
    search: Search,
    params: Params,
) -> None:
    """Search for the validation questions with each weight, and write what each is worth.

    Raises:
        DataError: there are no validation questions.
    """
    asked = read_questions(questions).filter(fold="validation", kind="answerable")
    if not len(asked):
        what = f"{questions} has no answerable questions in the fold validation."
        raise DataError(what, "lower make_questions.test_share in params.yaml, or add documents.")
    searcher = Searcher.load(held_out, encoder, query_encoder, search)
    scores = {row["id"]: searcher.scores(row["question"]) for row in asked.iter_rows(named=True)}
    sections = searcher.index.table["section"].to_list()
    weights = sorted({*params.weights, search.bm25_weight})
    worth = {weight: measure(asked, scores, sections, weight) for weight in weights}
    found = compare(worth, search.bm25_weight)
    metrics.write_text(json.dumps({"questions": len(asked), **found}, indent=2) + "\n")
    print(
        f"{len(asked)} questions: {MEASURES[0]} {found['held_ndcg_at_10']:.4f} with the weight "
        f"{search.bm25_weight:g}, {found['chosen_ndcg_at_10']:.4f} with {found['chosen_weight']:g}",
        flush=True,
    )


def measure(
    asked: pl.DataFrame, scores: dict[str, Scores], sections: list[str], weight: float
) -> dict[str, float]:
    """The mean of each measure over the questions, with one weight."""
    gold = {row["id"]: row["gold"] for row in asked.iter_rows(named=True)}
    rankings = {
        name: [unit for _, unit in ranked(scores[name].together(weight), sections, right)]
        for name, right in gold.items()
    }
    values = measured(rankings, {name: min(right) for name, right in gold.items()})
    return {name: float(np.mean(numbers)) for name, numbers in values.items()}


def compare(worth: dict[float, dict[str, float]], held: float) -> dict[str, float]:
    """What the questions would choose, the lowest of equal weights, beside what is held."""
    first = MEASURES[0]
    chosen = max(sorted(worth), key=lambda weight: worth[weight][first])
    named = {
        f"{kind}_{name}": value
        for kind, weight in (("held", held), ("chosen", chosen))
        for name, value in worth[weight].items()
    }
    lost = worth[chosen][first] - worth[held][first]
    return {"held_weight": held, "chosen_weight": chosen, **named, "lost": lost}


if __name__ == "__main__":
    raise SystemExit(step.run(tune_search))
