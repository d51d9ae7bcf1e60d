"""Stage evaluate_search: how well the search finds what answers a question."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from include import step
from include.assistant.evaluation import finding, intervals
from include.assistant.evaluation.asked import read_questions
from include.assistant.evaluation.intervals import Evaluation
from include.assistant.evaluation.ranking import Scores
from include.assistant.retrieval.search import Search, Searcher
from include.step import Out


def evaluate_search(
    held_out: Path,
    questions: Path,
    encoder: Path,
    query_encoder: Path,
    predictions: Out,
    metrics: Out,
    search: Search,
    evaluation: Evaluation,
) -> None:
    """Ask each question that has an answer, and measure where it stands in each ranking."""
    asked = read_questions(questions).filter(pl.col("kind") == "answerable")
    tuned = Searcher.load(held_out, encoder, query_encoder, search)
    plain = Searcher.load(held_out, encoder, encoder, search)
    found = finding.find(asked, tuned.index.table, systems(tuned, plain, search))
    found.write_parquet(predictions)
    numbers = finding.measure(asked, found, evaluation)
    intervals.write_metrics(metrics, numbers)
    print(
        f"{numbers['questions']} questions of the test fold: nDCG@10 {numbers['ndcg_at_10']:.3f}, "
        f"{numbers['ndcg_at_10_gain']:+.3f} over MiniLM alone",
        flush=True,
    )


def systems(
    tuned: Searcher, plain: Searcher, search: Search
) -> Callable[[str], dict[str, tuple[Scores, float]]]:
    """What each way to search says of all passages, and above which score it finds one at all."""

    def scores(question: str) -> dict[str, tuple[Scores, float]]:
        product, alone = tuned.scores(question), plain.scores(question)
        return {
            "product": (product.together(search.bm25_weight), -np.inf),
            "tuned": (product.cosine, -np.inf),
            "minilm": (alone.cosine, -np.inf),
            "bm25": (product.bm25, 0.0),
        }

    return scores


if __name__ == "__main__":
    raise SystemExit(step.run(evaluate_search))
