"""Questions that people asked: headings of pages that are FAQs, each with the sections below it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from include.assistant.evaluation import wording
from include.assistant.passages import embedded

FAQ = re.compile(r"(?:^|[\W_])faqs?(?:$|[\W_])|frequently[\W_]+asked", re.IGNORECASE)
FIRST = re.compile(r"(?:how|why|what|when|where|which|who|whose)\b", re.IGNORECASE)
NUMBER = re.compile(r"^(?:\d+\.)+\d*\s+|^\d+\)\s+")  # of a heading, as some builders write it


@dataclass(frozen=True)
class Heading:
    """A heading that asks, on a page that is a FAQ."""

    question: str
    source: str
    page: str
    depth: int  # place of the heading among the titles of its passages
    rows: tuple[int, ...]  # passages below it: its own section and those inside it
    gold: tuple[str, ...] = ()  # sections that answer it, as evaluation/gold.py finds them


def find(passages: pl.DataFrame, least_words: int) -> list[Heading]:
    """The headings that ask, in the order of the table.

    A page is a FAQ if its path or a title above the heading says so; a heading asks if it ends
    with a question mark or begins as questions do (How, Why, What, ...).
    """
    found: dict[tuple[str, str, tuple[str, ...]], list[int]] = {}
    columns = passages.select("source", "page", "titles")
    for row, (source, page, titles) in enumerate(columns.iter_rows()):
        for depth, title in enumerate(titles):
            above = [page, *titles[:depth]]
            if asks(title, least_words) and any(map(FAQ.search, above)):
                found.setdefault((source, page, tuple(titles[: depth + 1])), []).append(row)
    return [
        Heading(cleaned(titles[-1]), source, page, len(titles) - 1, tuple(rows))
        for (source, page, titles), rows in found.items()
    ]


def asks(title: str, least_words: int) -> bool:
    """Whether a heading is a question, long enough to mean something by itself."""
    text = cleaned(title)
    question = text.endswith("?") or FIRST.match(text)
    return bool(question) and not FAQ.search(text) and wording.count(text) >= least_words


def cleaned(title: str) -> str:
    """A heading as a person would ask it: without its number and the sign of its link."""
    return NUMBER.sub("", " ".join(title.rstrip("¶# \n").split()))


def only_here(headings: Iterable[Heading], passages: pl.DataFrame) -> list[Heading]:
    """The headings that stand verbatim nowhere but below themselves.

    One that is quoted elsewhere would be found by its own words, and its answer not be looked for.
    """
    held = passages.select("titles", "text")
    texts = [wording.words(embedded(*row)) for row in held.iter_rows()]
    whole = "\n".join(texts)
    return [
        one
        for one in headings
        if whole.count(wanted := wording.words(one.question))
        == wording.occurrences(wanted, [texts[row] for row in one.rows])
    ]
