"""Texts as rows of words: what stands verbatim in a text, and how it is taken out of it."""

import re
from collections.abc import Iterable

WORD = re.compile(r"[^\W_]+")
SHINGLE = 5  # words of the pieces by which texts are compared


def words(text: str) -> str:
    """The words of a text in small letters, each between blanks: `in` then finds whole words."""
    return "".join(f" {word} " for word in WORD.findall(text.casefold()))


def count(text: str) -> int:
    """How many words a text has."""
    return len(WORD.findall(text))


def without(text: str, heading: str) -> str:
    """A text without a heading, wherever its words stand in it, in whatever spelling."""
    # Case is folded by the expression, not in the text: the rest stays as it was, letter by letter.
    parts = r"[\W_]+".join(map(re.escape, WORD.findall(heading)))
    rest = re.sub(rf"(?<![^\W_]){parts}(?![^\W_])[?!.:]*", " ", text, flags=re.IGNORECASE)
    return rest.strip() if rest != text else text


def shingles(text: str) -> set[str]:
    """The pieces of five words that a text holds."""
    held = WORD.findall(text.casefold())
    return {" ".join(held[at : at + SHINGLE]) for at in range(len(held) - SHINGLE + 1)}


def occurrences(wanted: str, texts: Iterable[str]) -> int:
    """How often a row of words stands in texts; all of them as `words` gives them."""
    return sum(text.count(wanted) for text in texts)
