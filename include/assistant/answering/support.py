"""Whether the passages that a sentence cites say what it says: a rule of words, not of sense.

A sentence of a passage, as it stands, is supported. Of any other one each word but a few must stand
in what it cites, numbers with their signs and by the words that they count, names and quotations as
they are; most of it in two sentences there, and of the nearest one it has the negations, the
conditions (if, only, unless, before) and no other word of how much, how often or whether.

It cannot see that words of a passage were put together to say something else: "the old key before
the new" and "the new key before the old" are one to it.
"""

import re
from collections.abc import Sequence

from include.assistant.answering.answer import Sentence
from include.assistant.answering.numbers import numbers, unlike
from include.assistant.answering.sentences import split
from include.assistant.answering.settings import Checks
from include.assistant.answering.words import (
    CONDITIONS,
    NEGATIONS,
    conditions,
    negated,
    parts,
    stemmed,
    stems,
)
from include.assistant.passages import Hit

# What only a name has: a digit, a capital or a sign within it (airflow.cfg, --force, DAG, TabM).
NAME = re.compile(
    r"(?<![\w-])--?[a-z][\w-]+|\b\w+(?:[._/:-]\w+)*[_/:]\w+\b|\b[a-z0-9]\w*(?:\.\w+)+\b"
    r"|\b\w+(?:-\w+)*-[A-Z]\w*\b|\b[A-Za-z]+\d[\w.]*|\b[A-Z]{2,}\w*\b|\b[a-z]+[A-Z]\w*"
    r"|\b[A-Z][a-z]+[A-Z]\w*"
)
PROPER = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+\b")  # a capital within a sentence
FIRST = re.compile(r"\b(?:I(?!/)|[Ww]e|[Mm]y|[Oo]ur)\b")  # who says that has done something
QUOTED = re.compile(r"`([^`\n]+)`|\"([^\"\n]{4,})\"|“([^”\n]{4,})”")
DETAILS = {"a quotation": QUOTED, "a name": NAME, "a proper name": PROPER}
# Words that a sentence may have of its own; negations and conditions are those of the nearest one.
_OWN = """
a an the this that these those it its itself they them their themselves there here he she his her
you your who whom whose which what how why where is are was were be being do does did has have had
having will would can of to in on at by for from with within into onto as and so also then thus such
about per via yes
"""
FREE = frozenset(stemmed(_OWN.split())) | frozenset(stemmed([*NEGATIONS, *CONDITIONS]))
# How much, how often, whether, and words that stand for their opposites.
_DECIDING = """
all any each every both either some few many most more less least much only always often sometimes
seldom rarely must may might should could need first last next previous same other another enable
enabled disable disabled allow allowed deny denied add remove keep start stop larger smaller greater
higher lower longer shorter above below over under up down off minimum maximum true false
required optional public private open closed increase decrease been done
"""
DECIDING = frozenset(stemmed(_DECIDING.split())) - FREE


def unsupported(sentence: Sentence, hits: Sequence[Hit], checks: Checks) -> str:
    """Why the passages cited do not support a sentence, else ''."""
    cited = [hit for hit in hits if hit.id in sentence.citations]
    if not sentence.citations:
        return "it cites nothing"
    if len(cited) < len(set(sentence.citations)):
        return "it cites a passage that was not found"
    there = [whole for hit in cited for whole in split(hit.text)]
    # A whole sentence of the passage: a part of one may leave out its "never".
    if plain(sentence.text) in map(plain, there):
        return ""
    text = "\n".join("\n".join([*hit.titles, hit.text]) for hit in cited)
    missing = absent(sentence.text, text)
    if missing:
        # Not which one: what is made up is not to be shown by way of the reason.
        return f"{missing} of it is not in what it cites"
    said = set(stems(sentence.text))
    if not said:
        return "it says nothing"
    own = {*stemmed(parts(sentence.text))} - FREE
    lacking = own - {*stemmed(parts(text))}
    if lacking:
        return f"{len(lacking) / len(own):.0%} of its words are not in what it cites"
    titles = [title for hit in cited for title in hit.titles]
    nearest, other, share = two(said, [*there, *titles])
    if share < checks.overlap_share:
        return "its words are put together from several places of what it cites"
    if FIRST.search(sentence.text) and not any(map(FIRST.search, nearest)):
        return "it speaks of itself"
    if not any(alike(sentence.text, one, other) for one in nearest):
        return (
            "it says the opposite of the nearest sentence of what it cites, or lacks its condition"
        )
    return ""


def absent(text: str, cited: str) -> str:
    """The kind of the first detail of a text that is not in what it cites, else ''."""
    there, counted = plain(cited), numbers(cited)
    for kind, pattern in DETAILS.items():
        for match in pattern.finditer(text):
            found = next(filter(None, match.groups()), match[0]).strip(" .,;:")
            if not within(plain(found), there):
                return kind
    if any(unlike(number, counted, FREE) for number in numbers(text)):
        return "a number"
    return ""


def within(found: str, there: str) -> bool:
    """Whether a text stands in another, not as a part of a longer word or number."""
    edge = rf"(?<!\w)(?<!\d[.,:]){re.escape(found)}(?!\w|[.,:]\d)"
    return re.search(edge, there) is not None


def two(said: set[str], there: Sequence[str]) -> tuple[list[str], str, float]:
    """The sentences or titles that have most of some stems, and the one that has most of the rest.

    Returns:
        The nearest, one or more that have as many; the other, empty if it adds nothing; and the
        share of the stems that the first of the nearest and the other have.
    """
    held = {text: said & set(stems(text)) for text in there}
    most = max(map(len, held.values()), default=0)
    nearest = [text for text, shared in held.items() if len(shared) == most]
    rest = said - held[nearest[0]]
    other = max(held, key=lambda text: len(held[text] & rest))
    added = held[other] & rest
    return nearest, other if added else "", (most + len(added)) / len(said)


def alike(text: str, nearest: str, other: str) -> bool:
    """Whether a text is turned by what turns the nearest sentence, and decided by nothing else.

    It has its negations and its conditions, and of words that decide those of the two: of "Only
    administrators may reset it." the only must stay, and the may must not become a must.
    """
    decided = {*stemmed(parts(text))} & DECIDING
    same = negated(nearest) == negated(text) and conditions(nearest) == conditions(text)
    return same and decided <= {*stemmed(parts(f"{nearest} {other}"))}


def plain(text: str) -> str:
    """In lower case, without marks of markup, and a single space between words."""
    return " ".join(re.sub(r"[`*“”\"]", "", text).lower().split())
