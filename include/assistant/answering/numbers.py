"""The numbers of a text, with their signs and units: a changed one says something else.

A number is written in figures or in words, with its sign, its currency and what it is compared by:
5, -5, $5, >= 5, 5 %, five. What it is a number of is the word behind it, else the one before it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from include.assistant.answering.words import CAMEL, stemmed

FIGURE = re.compile(
    r"(?<![\w.])(?:(?:[<>]=?|[≤≥≈~±])\s?)?(?:[-−+](?=[\d$€£¥]))?[$€£¥]?\d+(?:[.,:]\d+)*(?![\w])"
    r"(?:\s?[%°‰€£¥])?\+?"
)
WORD = re.compile(r"[^\W_]+")
_NAMED = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred
hundreds thousand thousands million millions billion dozen half quarter third twice thrice double
triple
"""
NAMED = frozenset(_NAMED.split())
NEAR = 4  # words around a number in which what it is a number of is looked for


@dataclass(frozen=True)
class Number:
    """A number, and the words around it as stems."""

    value: str
    before: tuple[str, ...]  # the nearest last
    after: tuple[str, ...]


def numbers(text: str) -> list[Number]:
    """The numbers of a text, in reading order."""
    told = list(tokens(text))
    stems = stemmed(token for token, _ in told)
    return [
        Number(token, tuple(stems[max(place - NEAR, 0) : place]), tuple(stems[place + 1 :][:NEAR]))
        for place, (token, number) in enumerate(told)
        if number
    ]


def tokens(text: str) -> Iterator[tuple[str, bool]]:
    """Numbers and words; of each, whether it is a number."""
    at = 0
    for figure in FIGURE.finditer(text):
        yield from named(text[at : figure.start()])
        yield re.sub(r"\s", "", figure[0]).replace("−", "-"), True
        at = figure.end()
    yield from named(text[at:])


def named(text: str) -> Iterator[tuple[str, bool]]:
    """The words of a text without figures; of each, whether it is a number."""
    for run in WORD.findall(text):
        for part in CAMEL.split(run):
            yield part.lower(), part.lower() in NAMED


def unlike(number: Number, there: list[Number], free: frozenset[str]) -> bool:
    """Whether a number is not among others as a number of the same thing.

    Args:
        free: stems that say nothing of it.
    """
    same = [one for one in there if one.value == number.value]
    if number.after and number.after[0] not in free:  # its unit, mostly
        return not any(number.after[0] in one.after for one in same)
    of = next((stem for stem in reversed(number.before) if stem not in free), "")
    return not any(not of or of in one.before or of in one.after for one in same)
