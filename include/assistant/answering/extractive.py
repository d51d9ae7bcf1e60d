"""Answer without a model: the sentences of the passages that say most of the question.

It finds, it does not write: each sentence stands in the passage that it cites, letter for letter.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from include.assistant.answering import forbidden
from include.assistant.answering.answer import Sentence
from include.assistant.answering.sentences import split
from include.assistant.answering.words import stems
from include.assistant.passages import Hit

RANK = 0.5  # how fast the trust in a passage falls with its rank: 1, 0.67, 0.5, 0.4, 0.33
ALONE = 0.5  # what a sentence is worth for its passage, beside 1 for saying all of the question
TITLES = 0.5  # a word of the question in the titles above a sentence counts half
FEWEST_STEMS = 3  # of a sentence: fewer are a heading or a fragment
LONGEST = 600  # characters: more is a listing, not a sentence


@dataclass(frozen=True)
class Candidate:
    """A sentence of a hit that may be shown."""

    text: str
    rank: int  # of its hit, from 0
    place: int  # in the passage, from 0
    stems: tuple[str, ...]


def pick(question: str, hits: Sequence[Hit], most: int) -> tuple[Sentence, ...]:
    """At most so many sentences, those of the likeliest passage first; none if none fits."""
    there = list(candidates(hits))
    weights = rarity(question, there)
    worth = [value(candidate, hits[candidate.rank], weights) for candidate in there]
    best = sorted(range(len(there)), key=lambda i: (-worth[i], there[i].rank, there[i].place))
    chosen: list[Candidate] = []
    for i in best:
        if len(chosen) < most and not any(alike(there[i], other) for other in chosen):
            chosen.append(there[i])
    # The order of the best sentence of each passage, and within it that of reading.
    first = {one.rank: number for number, one in reversed(list(enumerate(chosen)))}
    chosen.sort(key=lambda one: (first[one.rank], one.place))
    return tuple(Sentence(one.text, (hits[one.rank].id,)) for one in chosen)


def candidates(hits: Sequence[Hit]) -> list[Candidate]:
    """Every sentence of the hits that may be shown."""
    return [
        Candidate(text, rank, place, found)
        for rank, hit in enumerate(hits)
        for place, text in enumerate(split(hit.text))
        if len(text) <= LONGEST
        and len(found := tuple(stems(text))) >= FEWEST_STEMS
        and not forbidden.in_passage(text)
    ]


def rarity(question: str, there: Sequence[Candidate]) -> dict[str, float]:
    """What each word of the question is worth: most if few of the sentences have it."""
    held = Counter(stem for candidate in there for stem in set(candidate.stems))
    return {stem: math.log(1 + len(there) / (1 + held[stem])) for stem in set(stems(question))}


def value(candidate: Candidate, hit: Hit, weights: dict[str, float]) -> float:
    """How much of the question a sentence says, by the rank of its passage."""
    said, titles = set(candidate.stems), set(stems(" ".join(hit.titles)))
    total = sum(weights.values()) or 1.0
    share = sum(
        weight * (1.0 if stem in said else TITLES if stem in titles else 0.0)
        for stem, weight in weights.items()
    )
    return (ALONE + share / total) / (1 + RANK * candidate.rank)


def alike(one: Candidate, other: Candidate) -> bool:
    """Whether two sentences say the same in nearly the same words."""
    a, b = set(one.stems), set(other.stems)
    return len(a & b) >= 0.8 * min(len(a), len(b))
