"""Whether the passages that a sentence cites say what it says: a rule of words, not of sense.

It refuses what is made up: numbers, names and quotations that are not in the passages, too many
words of its own, and a sentence whose negations or conditions (if, only, unless, before) are not
those of the nearest one in the passages. It cannot see that words of a passage were put together to
say something else: "the old key before the new" and "the new key before the old" are one to it.
"""

import re
from collections.abc import Sequence

from include.assistant.answering.answer import Sentence
from include.assistant.answering.sentences import split
from include.assistant.answering.settings import Checks
from include.assistant.answering.words import conditions, negated, stems
from include.assistant.passages import Hit

NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,:]\d+)*(?![\w])")
# What only a name has: a digit, a capital or a sign within it (airflow.cfg, --force, DAG, TabM).
NAME = re.compile(
    r"(?<![\w-])--?[a-z][\w-]+|\b\w+(?:[._/:-]\w+)*[_/:]\w+\b|\b[a-z0-9]\w*(?:\.\w+)+\b"
    r"|\b\w+(?:-\w+)*-[A-Z]\w*\b|\b[A-Za-z]+\d[\w.]*|\b[A-Z]{2,}\w*\b|\b[a-z]+[A-Z]\w*"
    r"|\b[A-Z][a-z]+[A-Z]\w*"
)
PROPER = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+\b")  # a capital within a sentence
QUOTED = re.compile(r"`([^`\n]+)`|\"([^\"\n]{4,})\"|“([^”\n]{4,})”")
DETAILS = {"a quotation": QUOTED, "a number": NUMBER, "a name": NAME, "a proper name": PROPER}
NEAREST = 0.5  # share of its words that a sentence of a passage has, to be held against it


def unsupported(sentence: Sentence, hits: Sequence[Hit], checks: Checks) -> str:
    """Why the passages cited do not support a sentence, else ''."""
    cited = [hit for hit in hits if hit.id in sentence.citations]
    if not sentence.citations:
        return "it cites nothing"
    if len(cited) < len(set(sentence.citations)):
        return "it cites a passage that was not found"
    text = "\n".join("\n".join([*hit.titles, hit.text]) for hit in cited)
    # A whole sentence of the passage: a part of one may leave out its "never".
    if plain(sentence.text) in {plain(whole) for hit in cited for whole in split(hit.text)}:
        return ""
    missing = absent(sentence.text, text)
    if missing:
        # Not which one: what is made up is not to be shown by way of the reason.
        return f"{missing} of it is not in what it cites"
    said = stems(sentence.text)
    if not said:
        return "it says nothing"
    share = sum(stem in set(stems(text)) for stem in said) / len(said)
    if share < checks.overlap_share:
        return f"{1 - share:.0%} of its words are not in what it cites"
    if turned(sentence.text, cited):
        return (
            "it says the opposite of the nearest sentence of what it cites, or lacks its condition"
        )
    return ""


def absent(text: str, cited: str) -> str:
    """The kind of the first detail of a text that is not in what it cites, else ''."""
    there = plain(cited)
    for kind, pattern in DETAILS.items():
        for match in pattern.finditer(text):
            found = next(filter(None, match.groups()), match[0]).strip(" .,;:")
            if not within(plain(found), there):
                return kind
    return ""


def within(found: str, there: str) -> bool:
    """Whether a text stands in another, not as a part of a longer word or number."""
    edge = rf"(?<!\w)(?<!\d[.,:]){re.escape(found)}(?!\w|[.,:]\d)"
    return re.search(edge, there) is not None


def turned(text: str, cited: Sequence[Hit]) -> bool:
    """Whether the nearest sentence of the passages has other words that turn a text round.

    Those are negations, and conditions: of "Only administrators may reset it." the only must stay.
    """
    said = set(stems(text))
    near: list[tuple[float, bool]] = []
    for hit in cited:
        for sentence in split(hit.text):
            share = len(said & set(stems(sentence))) / len(said)
            same = negated(sentence) == negated(text) and conditions(sentence) == conditions(text)
            near.append((share, same))
    best = max((share for share, _ in near), default=0.0)
    return best >= NEAREST and not any(same for share, same in near if share >= best)


def plain(text: str) -> str:
    """In lower case, without marks of markup, and a single space between words."""
    return " ".join(re.sub(r"[`*“”\"]", "", text).lower().split())
