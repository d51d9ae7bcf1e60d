"""Questions that people asked: headings of pages that are FAQs, each with the sections below it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import polars as pl

from include.assistant.evaluation import wording
from include.assistant.passages import embedded

FAQ = re.compile(r"(?:^|[\W_])faqs?(?:$|[\W_])|frequently[\W_]+asked", re.IGNORECASE)
FIRST = re.compile(r"(?:how|why|what|when|where|which|who|whose)\b", re.IGNORECASE)
NUMBER = re.compile(r"^(?:\d+\.)+\d*\s+|^\d+\)\s+")  # of a heading, as some builders write it
POINTING = re.compile(r"\b(?:see|refer|read|follow|covered|described|found|find)\b", re.IGNORECASE)
MOST_OF_A_POINTER = 14  # words of an answer that only says where one is
LEAST_SHINGLES = 15  # of a section that is compared: below, a common phrase would be a copy


@dataclass(frozen=True)
class Heading:
    """A heading that asks, on a page that is a FAQ."""

    question: str
    source: str
    page: str
    depth: int  # place of the heading among the titles of its passages
    rows: tuple[int, ...]  # passages below it: its own section and those inside it
    gold: tuple[str, ...] = ()  # sections that answer it: these, and near copies elsewhere


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


def answered(headings: Iterable[Heading], passages: pl.DataFrame) -> list[Heading]:
    """The headings below which something is said, not only where to read on."""
    texts = passages.get_column("text").to_list()
    return [one for one in headings if not points(" ".join(texts[row] for row in one.rows))]


def points(text: str) -> bool:
    """Whether an answer is no more than "see the section about it"."""
    return wording.count(text) <= MOST_OF_A_POINTER and POINTING.search(text) is not None


def with_gold(
    headings: Iterable[Heading], passages: pl.DataFrame, near_copy_share: float
) -> list[Heading]:
    """The headings, each with the sections that answer it.

    Args:
        near_copy_share: of a section's pieces of five words, from which another section that holds
            them is a near copy: two editions of one text answer alike.
    """
    sections = passages.get_column("section").to_list()
    texts: dict[str, str] = {}
    for section, text in zip(sections, passages.get_column("text"), strict=True):
        texts[section] = f"{texts[section]} {text}" if section in texts else text
    headings = [replace(one, gold=golden(one, sections)) for one in headings]
    own = {name: wording.shingles(texts[name]) for one in headings for name in one.gold}
    copies = near_copies(own, texts, near_copy_share)
    return [
        replace(one, gold=tuple(sorted({*one.gold}.union(*(copies[name] for name in one.gold)))))
        for one in headings
    ]


def golden(one: Heading, sections: list[str]) -> tuple[str, ...]:
    """The sections below a heading."""
    return tuple(sorted({sections[row] for row in one.rows}))


def near_copies(
    own: dict[str, set[str]], texts: dict[str, str], share: float
) -> dict[str, set[str]]:
    """The sections that hold so large a share of what a section says, by that section."""
    holders: dict[str, list[str]] = {}
    for name, pieces in own.items():
        for piece in pieces if len(pieces) >= LEAST_SHINGLES else ():
            holders.setdefault(piece, []).append(name)
    copies: dict[str, set[str]] = {name: set() for name in own}
    for other, text in texts.items():
        common: dict[str, int] = {}
        for piece in wording.shingles(text):
            for name in holders.get(piece, ()):
                common[name] = common.get(name, 0) + 1
        for name, held in common.items():
            if name != other and held >= share * len(own[name]):
                copies[name].add(other)
    return copies
