"""The search: passages by meaning and by words, exactly, for a question of a person.

The score of a passage is the cosine of its vector and the question's, plus the weight of BM25 times
its BM25 score as a share of the best one. It is taken for every passage: no list is cut before.
"""

from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from include.assistant.passages import Hit
from include.assistant.retrieval.encoder import Encoder, Vector
from include.assistant.retrieval.encoder_files import WEIGHTS, check_base, check_reader
from include.assistant.retrieval.index import Index

Numbers = NDArray[np.float32]


class Search(BaseModel):
    """Section search of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bm25_weight: float = Field(
        ge=0, le=10, description="what the best BM25 score counts beside a cosine of 1"
    )


class Scores(NamedTuple):
    """What each passage has for a question, in the order of the index."""

    cosine: Numbers
    bm25: Numbers  # as bm25s scores it

    def together(self, weight: float, kept: NDArray[np.bool_] | None = None) -> Numbers:
        """One score a passage; BM25 counts as a share of the best of those that are kept."""
        words = self.bm25 if kept is None else self.bm25 * kept
        best = float(words.max(initial=0))
        return self.cosine + np.float32(weight / best) * words if best else self.cosine


class Searcher:
    """What `load` gives; safe for several threads at once."""

    def __init__(self, index: Index, encoder: Encoder, search: Search) -> None:
        self.index, self.encoder, self.settings = index, encoder, search

    @classmethod
    def load(cls, index: Path, encoder: Path, query_encoder: Path, search: Search) -> Self:
        """Open an index, and the encoder of questions that goes with it.

        Args:
            index: a folder of build_index.
            encoder: the encoder of the passages.
            query_encoder: that of questions, as tune_queries writes it; `encoder` itself for the
                untuned one.

        Raises:
            DataError: one of them is damaged, or they do not go with each other.
        """
        held = Index.load(index)
        known = check_reader(index, held.about.encoder, encoder)
        if query_encoder != encoder:
            check_base(query_encoder, known)
        return cls(held, Encoder.load(encoder, query_encoder / WEIGHTS), search)

    def encode(self, question: str) -> Vector:
        """The vector of a question."""
        return self.encoder.encode(question)

    def scores(self, question: str, vector: Vector | None = None) -> Scores:
        """What each passage has for a question."""
        vector = self.encode(question) if vector is None else vector
        return Scores(self.index.vectors @ vector, self.index.words.scores(question))

    def search(
        self,
        question: str,
        limit: int = 10,
        without: frozenset[str] = frozenset(),
        vector: Vector | None = None,
    ) -> list[Hit]:
        """The passages that go best with a question, the best first.

        Args:
            question: of any length; what is beyond the encoder's length counts for BM25 only.
            limit: the most hits.
            without: sections that are not to be found, as if they were not in the index.
            vector: of the question, where it is known already.
        """
        scores = self.scores(question, vector)
        kept = self.index.kept(without)
        together = scores.together(self.settings.bm25_weight, kept)
        rows = best(together, limit, kept)
        numbers = zip(together[rows], scores.cosine[rows], scores.bm25[rows], strict=True)
        return [
            hit(row, *map(float, found))
            for row, found in zip(self.index.shown(rows), numbers, strict=True)
        ]


def hit(row: dict[str, Any], score: float, cosine: float, bm25: float) -> Hit:
    """A passage that was found."""
    titles = tuple(row.pop("titles"))
    return Hit(**row, titles=titles, score=score, cosine=cosine, bm25=bm25)


def best(scores: Numbers, limit: int, kept: NDArray[np.bool_] | None = None) -> list[int]:
    """The rows with the highest scores, the best first; of equal ones, the first in the index."""
    most = len(scores)
    if kept is not None:
        scores, most = np.where(kept, scores, -np.inf), int(kept.sum())
    limit = min(limit, most)
    if limit <= 0:
        return []
    least = np.partition(scores, -limit)[-limit]
    rows = np.flatnonzero(scores >= least)
    order = np.argsort(-scores[rows], kind="stable")
    return [int(row) for row in rows[order][:limit]]
