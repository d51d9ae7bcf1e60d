"""Whether a passage that is cited says what a sentence says: a rule of words, not of sense.

A sentence counts as supported if one passage that it cites has every number in it, with its sign,
and either has it word for word, or so large a share of its words of four letters and more, whatever
their endings. The rule is another than the one by which an answer is checked before it is shown,
which looks at all that is cited together: an answer does not mark itself. It cannot see that words
are put together to say something else, so for models it is an upper bound; for sentences that are
copied it is exact.
"""

import re
from collections.abc import Iterable

from include.assistant.evaluation import wording
from include.assistant.passages import embedded

NUMBER = re.compile(r"(?:(?<![\w.])[-−+](?=[\d$€£¥]))?[$€£¥]?\d+(?:[.,]\d+)*")
LETTERS = 4  # of a word that is counted; shorter ones are in any passage
ENDING = 2  # letters of a longer word that may differ: waits, waited
COUNTED = frozenset({"one", "two", "six", "ten"})  # numbers in words that are as short


def supported(sentence: str, cited: Iterable[tuple[list[str], str]], share: float) -> bool:
    """Whether one of the cited passages says so.

    Args:
        cited: titles and text of each passage.
        share: least share of the words of the sentence that one passage has.
    """
    said, counted = wording.words(sentence), numbers(sentence)
    for titles, text in cited:
        whole = embedded(titles, text)
        there = wording.words(whole)
        says = (bool(said) and said in there) or covered(sentence, there, share)
        if says and counted <= numbers(whole):
            return True
    return False


def numbers(text: str) -> set[str]:
    """The numbers of a text, those in figures with their signs."""
    short = COUNTED.intersection(wording.words(text).split())
    return {number.replace("−", "-") for number in NUMBER.findall(text)} | short


def covered(sentence: str, there: str, share: float) -> bool:
    """Whether a passage has enough of the words of a sentence."""
    long = [word for word in wording.words(sentence).split() if len(word) >= LETTERS]
    held = sum(f" {word[: max(len(word) - ENDING, LETTERS)]}" in there for word in long)
    return bool(long) and held >= share * len(long)
