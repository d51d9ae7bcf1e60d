"""What a passage is: the columns of every table of passages, and what a search finds."""

from dataclasses import dataclass

import polars as pl

# One row per passage: at most 200 tokens of one section, in reading order.
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,  # 16 hex digits of where it stands and what it says
    "source": pl.String,  # name of the source in params.yaml
    "page": pl.String,  # path of the page in its source
    "section": pl.String,  # 16 hex digits: source, page and place of its heading
    "titles": pl.List(pl.String),  # the title of its source, then the headings above it
    "position": pl.Int32,  # of the passage in its section, from 0
    "text": pl.String,  # what personal data was in it is masked
    "tokens": pl.Int32,  # of titles and text, as the encoder counts them
    "licence": pl.String,  # SPDX identifier
    "url": pl.String,  # for people: where the page is read
    "masked": pl.Int32,  # places where personal data was masked
}


def embedded(titles: list[str], text: str) -> str:
    """The text of a passage that the encoder and BM25 see."""
    return "\n".join([" > ".join(titles), text])


@dataclass(frozen=True)
class Hit:
    """A passage that was found for a question."""

    id: str
    source: str
    page: str
    section: str
    titles: tuple[str, ...]
    text: str
    licence: str
    url: str
    score: float  # what the hits are ordered by: cosine + weight x BM25 (0..1 of the best)
    cosine: float  # -1..1
    bm25: float  # as bm25s scores it, 0 without a common word
