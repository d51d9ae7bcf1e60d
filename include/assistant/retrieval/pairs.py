"""What the encoder of questions learns from: headings, each with what stands below it."""

import re
from collections.abc import Collection
from typing import NamedTuple

import polars as pl

from include.assistant.passages import embedded


class Pair(NamedTuple):
    """A heading, and the passage below it from which the heading is held out."""

    page: str  # source/path
    subject: str  # the first title of the page, such as Apache Airflow
    heading: str
    text: str


def headings(
    passages: pl.DataFrame, without: Collection[str], least_words: int, least_tokens: int
) -> list[Pair]:
    """The headings that name one section, each with the first passage of it.

    Args:
        passages: one row per passage.
        without: pages, as source/path, that nothing is learned from.
        least_words: of a heading: one that has fewer, such as Example, asks for nothing.
        least_tokens: of a passage: one that has fewer says little without its heading.
    """
    page, heading = pl.concat_str("source", "page", separator="/"), pl.col("titles").list.last()
    firsts = passages.sort("position", maintain_order=True).unique(
        "section", keep="first", maintain_order=True
    )
    named = firsts.with_columns(heading=heading).filter(
        ~page.is_in(sorted(without)),
        pl.col("heading").str.to_lowercase().is_unique(),
        pl.col("tokens") >= least_tokens,
    )
    rows = named.sort("section").select(page, "heading", "titles", "text").iter_rows()
    return [
        Pair(page, titles[0], heading, held_out(heading, titles, text))
        for page, heading, titles, text in rows
        if len(re.findall(r"[^\W_]+", heading)) >= least_words
    ]


def held_out(heading: str, titles: list[str], text: str) -> str:
    """What the encoder sees of a passage when its heading is taken out of titles and text."""
    pattern = re.compile(re.escape(heading), re.IGNORECASE)
    return embedded(titles[:-1], pattern.sub(" ", text))
