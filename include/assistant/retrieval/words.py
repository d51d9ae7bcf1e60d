"""BM25: how well a passage goes with the words of a question, whatever their endings are.

Words of English are cut to their stem (Porter, "An algorithm for suffix stripping", 1980); words
that say nothing, such as "the", are left out. Scores are those of bm25s (Lù, arXiv:2407.03618).
"""

import re
from collections.abc import Iterable
from pathlib import Path
from tokenize import TokenError
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from include.errors import DataError

STEMMER = "porter"
# What numpy, and bm25s over it, raise where a file is empty, cut off or something else.
DAMAGED = (
    *(OSError, EOFError, ValueError, KeyError, TypeError, AttributeError),
    *(BadZipFile, TokenError),
)
WORD = re.compile(r"\w\w+")
VOCABULARY = "vocab.index.json"
FILES = (
    "data.csc.index.npy",
    "indices.csc.index.npy",
    "indptr.csc.index.npy",
    "params.index.json",
    VOCABULARY,
)


class Words:
    """The statistics of the words of all passages; safe for several threads at once."""

    def __init__(self, statistics: Any) -> None:
        self.statistics = statistics
        self.count = int(statistics.scores["num_docs"])  # of passages

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open what `save` wrote; the scores stay on disk until they are needed.

        Raises:
            DataError: a file is not there, or is damaged.
        """
        import bm25s

        try:
            return cls(bm25s.BM25.load(folder, mmap=True, show_progress=False))
        except DAMAGED as error:
            what = f"The BM25 files in {folder} cannot be read: {error}."
            raise DataError(what, "run `dvc repro`, which makes them again.") from error

    def scores(self, question: str) -> NDArray[np.float32]:
        """One score a passage, 0 where no word is the same."""
        held, words = self.statistics.vocab_dict, WORD.findall(question.lower())
        stem = stems(words)
        known = [held[stem[word]] for word in words if stem.get(word) in held]
        scores: NDArray[np.float32] = self.statistics.get_scores_from_ids(known)
        return scores


def save(texts: Iterable[str], folder: Path) -> None:
    """Count the words of all texts, and write what `Words.load` reads: equal texts, equal bytes."""
    import bm25s

    vocabulary, numbers = numbered(texts)
    if not vocabulary:  # it cannot take a mean of nothing: a word that is in no question
        vocabulary, numbers = {"": 0}, [[0] for _ in numbers]
    statistics = bm25s.BM25(csc_backend="numpy", backend="numpy")
    statistics.index((numbers, vocabulary), create_empty_token=False, show_progress=False)
    statistics.save(folder, show_progress=False)


def numbered(texts: Iterable[str]) -> tuple[dict[str, int], list[list[int]]]:
    """The number of each stem, and the numbers of each text.

    Stems are numbered by the alphabet: bm25s would do so in the order of a set, which is another
    one in each process. Of a large corpus no word is kept but once.
    """
    seen: dict[str, int] = {}
    split = [
        [seen.setdefault(word, len(seen)) for word in WORD.findall(text.lower())] for text in texts
    ]
    stem = stems(seen)
    vocabulary = {one: number for number, one in enumerate(sorted({*stem.values()}))}
    renamed = [vocabulary[stem[word]] if word in stem else None for word in seen]
    numbers = [[new for old in words if (new := renamed[old]) is not None] for words in split]
    return vocabulary, numbers


def stems(words: Iterable[str]) -> dict[str, str]:
    """The stem of each word that says something."""
    import Stemmer
    from bm25s.stopwords import STOPWORDS_EN

    known = sorted({*words}.difference(STOPWORDS_EN))
    # A stemmer is not to be shared by threads, and costs less than a lock.
    return dict(zip(known, Stemmer.Stemmer(STEMMER).stemWords(known), strict=True))
