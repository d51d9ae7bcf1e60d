"""The sections that answer a question: those below it, what they refer to, and near copies."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from include.assistant.evaluation import wording
from include.assistant.evaluation.headings import Heading

POINTING = re.compile(r"\b(?:see|refer|read|follow|covered|described|found|find)\b", re.IGNORECASE)
LEAST_SHINGLES = 15  # of a section that is compared: below, a common phrase would be a copy


@dataclass(frozen=True)
class Sections:
    """The sections of a table of passages, each in one piece."""

    texts: Mapping[str, str]  # by section
    of_row: list[str]  # the section of each passage
    titled: Mapping[tuple[str, str], list[str]]  # source and words of its own title to sections

    @classmethod
    def of(cls, passages: pl.DataFrame) -> "Sections":
        """Put the passages of each section together, in their order."""
        texts: dict[str, str] = {}
        titled: dict[tuple[str, str], list[str]] = {}
        columns = passages.select("section", "source", "titles", "text")
        for section, source, titles, text in columns.iter_rows():
            if section not in texts:
                titled.setdefault((source, wording.words(titles[-1])), []).append(section)
            texts[section] = f"{texts[section]} {text}" if section in texts else text
        return cls(texts, passages.get_column("section").to_list(), titled)


def with_gold(
    headings: Iterable[Heading], passages: pl.DataFrame, least_words: int, near_copy_share: float
) -> list[Heading]:
    """The headings that are answered, each with the sections that do so.

    Args:
        least_words: of an answer, its heading left out. A shorter one, as "Yes." or "See below.",
            does not stand without its question, and nobody could find it.
        near_copy_share: of a section's pieces of five words, from which another section that holds
            them is a near copy: two editions of one text answer alike.
    """
    sections = Sections.of(passages)
    found = [replace(one, gold=answering(one, sections, least_words)) for one in headings]
    kept = [one for one in found if length(one, sections) >= least_words]
    own = {name: wording.shingles(sections.texts[name]) for one in kept for name in one.gold}
    copies = near_copies(own, sections.texts, near_copy_share)
    return [
        replace(one, gold=tuple(sorted({*one.gold}.union(*(copies[name] for name in one.gold)))))
        for one in kept
    ]


def answering(one: Heading, sections: Sections, least_words: int) -> tuple[str, ...]:
    """The sections below a heading; if all they say is where to read, that section too."""
    below = {sections.of_row[row] for row in one.rows}
    said = replace(one, gold=tuple(sorted(below)))
    if length(said, sections) < least_words:
        below |= referred(one.source, text_of(said, sections), sections)
    return tuple(sorted(below))


def length(one: Heading, sections: Sections) -> int:
    """How many words its answer has."""
    return wording.count(text_of(one, sections))


def text_of(one: Heading, sections: Sections) -> str:
    """Its answer, without the heading."""
    return wording.without(" ".join(sections.texts[name] for name in one.gold), one.question)


def referred(source: str, text: str, sections: Sections) -> set[str]:
    """The section of the same source to which a text refers by its title; none if it is unclear."""
    if not POINTING.search(text):
        return set()
    words = wording.words(text)
    named = [title for held, title in sections.titled if held == source and title in words]
    # The longest title that is named: "Logging" stands in "Configuring Logging".
    longest = max(named, key=lambda title: (wording.count(title), len(title)), default="")
    found = sections.titled.get((source, longest), [])
    return {*found} if len(found) == 1 else set()


def near_copies(
    own: Mapping[str, set[str]], texts: Mapping[str, str], share: float
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
