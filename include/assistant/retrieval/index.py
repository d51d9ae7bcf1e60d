"""The index: passages, their vectors row by row, and their words, in one folder.

Vectors.npy and passages.parquet are the truth that copies in stores are measured by.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from include.assistant.passages import SCHEMA, embedded
from include.assistant.retrieval.words import DAMAGED, Words, save
from include.errors import DataError

TABLE, VECTORS, WORDS, ABOUT = ("passages.parquet", "vectors.npy", "bm25", "index.json")
SHOWN = ("id", "source", "page", "section", "titles", "text", "licence", "url")
REMAKE = "run `dvc repro`, which makes it again."


class About(BaseModel):
    """The file index.json."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    passages: int = Field(ge=1, description="rows of the table and of the vectors")
    sections: int = Field(ge=1, description="sections that the passages are of")
    pages: int = Field(ge=1, description="pages that the sections are of")
    width: int = Field(ge=1, description="numbers a vector")
    encoder: str = Field(description="what made the vectors: encoder_files.identity")


class Index(NamedTuple):
    """An open index; vectors and statistics of words stay on disk until they are needed."""

    about: About
    table: pl.DataFrame
    vectors: NDArray[np.float32]
    words: Words

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open an index.

        Raises:
            DataError: a file is not there, is damaged, or does not go with the others.
        """
        about = read_about(folder)
        try:
            table = pl.read_parquet(folder / TABLE)
            vectors = np.load(folder / VECTORS, mmap_mode="r")
            words = Words.load(folder / WORDS)
        except (*DAMAGED, pl.exceptions.PolarsError) as error:
            raise DataError(f"The index {folder} cannot be read: {error}.", REMAKE) from None
        shape = (about.passages, about.width)
        fitting = vectors.shape == shape and vectors.dtype == np.float32
        if not fitting or {len(table), words.count} != {about.passages}:
            what = (
                f"{folder / ABOUT} says {about.passages} passages of {about.width} numbers; there "
                f"are {len(table)} passages, the words of {words.count}, and vectors "
                f"{vectors.shape} of {vectors.dtype}."
            )
            raise DataError(what, REMAKE)
        return cls(about, table, vectors, words)

    def kept(self, without: Collection[str]) -> NDArray[np.bool_] | None:
        """Which passages are not of these sections; None for all of them."""
        if not without:
            return None
        return (~self.table["section"].is_in(sorted(without))).to_numpy()

    def shown(self, rows: Sequence[int]) -> Iterator[dict[str, Any]]:
        """What people see of passages."""
        for number in rows:  # row by row costs a tenth of one gathering
            row = self.table.row(number, named=True)
            yield {name: row[name] for name in SHOWN}


def read_about(folder: Path) -> About:
    """What an index says of itself.

    Raises:
        DataError: it says nothing.
    """
    try:
        return About.model_validate_json((folder / ABOUT).read_text())
    except (OSError, ValueError) as error:  # that it is no text, or says something else
        problem = " ".join(str(error).split())
        raise DataError(f"{folder} is no index: {problem}.", REMAKE) from None


def write_index(
    folder: Path, passages: pl.DataFrame, vectors: NDArray[np.float32], encoder: str
) -> About:
    """Write an index into a new folder: equal passages and vectors, equal bytes.

    Args:
        passages: one row per passage, as SCHEMA has it.
        vectors: one row per passage.
        encoder: the identity of the encoder that made them.

    Raises:
        DataError: there are no passages, two have one id, or a vector is not of length 1.
    """
    check(passages, vectors)
    folder.mkdir(parents=True)
    passages = passages.select(list(SCHEMA))
    passages.write_parquet(folder / TABLE)
    np.save(folder / VECTORS, np.ascontiguousarray(vectors))
    rows = passages.select("titles", "text").iter_rows()
    save((embedded(titles, text) for titles, text in rows), folder / WORDS)
    about = About(
        passages=len(passages),
        sections=passages["section"].n_unique(),
        pages=passages.select("source", "page").n_unique(),
        width=vectors.shape[1],
        encoder=encoder,
    )
    (folder / ABOUT).write_text(json.dumps(about.model_dump(), indent=2) + "\n")
    return about


def check(passages: pl.DataFrame, vectors: NDArray[np.float32]) -> None:
    """Refuse what a search would answer wrongly from.

    Raises:
        DataError: what it is.
    """
    if not len(passages):
        raise DataError("There are no passages to index.", "add documents to sources.yaml.")
    twice = passages["id"].filter(passages["id"].is_duplicated()).unique().sort()
    if len(twice):
        what = f"{len(twice)} ids stand for several passages, {twice[0]} the first of them."
        raise DataError(what, "run `dvc repro parse_docs -f`; if it stays, two pages are one.")
    if len(vectors) != len(passages):
        what = f"There are {len(passages)} passages, and {len(vectors)} vectors."
        raise DataError(what, REMAKE)
    length = np.linalg.norm(vectors, axis=1)
    wrong = np.flatnonzero(~(np.abs(length - 1) < 1e-3))
    if len(wrong):
        first = int(wrong[0])
        what = f"The vector of passage {passages['id'][first]} has length {length[first]:.4g}."
        raise DataError(what, "remove data/vectors, then run `dvc repro`: each must have length 1.")
