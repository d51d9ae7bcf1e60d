"""Whether a passage that is cited says what a sentence says: a rule of words, not of sense.

A sentence counts as supported if it stands word for word in one passage that it cites; or if that
one passage has so large a share of its words of four letters and more, and every number in it. The
rule is another than the one by which an answer is checked before it is shown, which looks at all
that is cited together: an answer does not mark itself. It cannot see that words are put together to
say something else, so for models it is an upper bound; for sentences that are copied it is exact.
"""

import re
from collections.abc import Iterable

from include.assistant.evaluation import wording
from include.assistant.passages import embedded

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
LETTERS = 4  # of a word that is counted; shorter ones are in any passage


def supported(sentence: str, cited: Iterable[tuple[list[str], str]], share: float) -> bool:
    """Whether one of the cited passages says so.

    Args:
        cited: titles and text of each passage.
        share: least share of the words of the sentence that one passage has.
    """
    said = wording.words(sentence)
    for titles, text in cited:
        there = wording.words(embedded(titles, text))
        if said and said in there:
            return True
        if covered(sentence, there, share):
            return True
    return False


def covered(sentence: str, there: str, share: float) -> bool:
    """Whether a passage has enough of the words of a sentence, and all of its numbers."""
    long = [word for word in wording.words(sentence).split() if len(word) >= LETTERS]
    if not long or any(wording.words(number) not in there for number in NUMBER.findall(sentence)):
        return False
    return sum(f" {word} " in there for word in long) >= share * len(long)
