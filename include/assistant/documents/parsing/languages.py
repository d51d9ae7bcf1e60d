"""Whether a section is written in English, as far as one can tell."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from include.assistant.documents.parsing.sections import Block
from include.assistant.documents.parsing.words import words

FEWEST_WORDS = 20  # below them nobody can tell
COMMON_SHARE = 0.15  # of the words of a text that are common ones: it is English
SURE = 0.9  # probability of another language
COMMON = words(
    """
    the a an of to in is are was be been it its this that these those and or not for with on
    as by at from if when you your can will which has have but
    """
)
LATIN = "\u024f"  # the last letter of the Latin alphabets
WORD = re.compile(r"[^\W\d_]+")


def is_english(blocks: Sequence[Block]) -> bool:
    """Whether the prose of a section is English, or too little to tell."""
    told = [word for block in blocks if not block.code for word in WORD.findall(block.text)]
    letters = "".join(told)
    if len(letters) >= FEWEST_WORDS and sum(sign > LATIN for sign in letters) * 2 > len(letters):
        return False  # some of these scripts write no blanks, so that there are few words
    if len(told) < FEWEST_WORDS:
        return True
    if sum(word.lower() in COMMON for word in told) >= COMMON_SHARE * len(told):
        return True
    language, probability = detector().classify(" ".join(told))
    return bool(language == "en" or probability < SURE)


@cache
def detector() -> Any:
    """What tells languages apart; it takes a moment to load, and few sections need it."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
