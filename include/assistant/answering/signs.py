"""A text as a reader sees it: signs that show nothing are gone, and those that look alike are one.

What is matched against patterns, or sent to a model, must not hide behind a soft hyphen, full-width
letters or a Cyrillic letter that looks like a Latin one.
"""

import re
import unicodedata

# Cyrillic and Greek letters that look like Latin ones; not all that Unicode calls confusable.
_ALIKE = {
    "аɑα": "a", "еєε": "e", "оοσ": "o", "рρ": "p", "сϲ": "c", "хχ": "x", "уγ": "y", "іιı": "i",
    "јϳ": "j", "ѕ": "s", "ԁ": "d", "һ": "h", "ԛ": "q", "ԝ": "w", "ν": "v", "к": "k", "κ": "k",
    "АΑ": "A", "ВΒ": "B", "ЕΕ": "E", "НΗ": "H", "ІΙ": "I", "КΚ": "K", "МΜ": "M", "ОΟ": "O",
    "РΡ": "P", "СϹ": "C", "ТΤ": "T", "ХΧ": "X", "УΥ": "Y", "Ѕ": "S", "Ј": "J", "Ν": "N", "Ζ": "Z",
}  # fmt: skip
ALIKE = str.maketrans({one: latin for many, latin in _ALIKE.items() for one in many})
SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
SPELLED = re.compile(r"\b\w(?:[-.*_]\w){4,}\b")  # i-g-n-o-r-e
# Letters of the tag block, which nothing shows; those of a flag follow its black flag.
TAGGED = re.compile("(?:^|[^\U0001f3f4\U000e0000-\U000e007f])[\U000e0000-\U000e007f]")
# Signs that turn the order of letters on a page.
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """The text in its plain forms (NFKC), without signs that show nothing (Cf)."""
    plain = unicodedata.normalize("NFKC", SELECTORS.sub("", text))
    return "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")


def latin(text: str) -> str:
    """The same for patterns alone: look-alikes folded, words that are spelled out put together."""
    if text.isascii():
        return SPELLED.sub(joined, text)
    return SPELLED.sub(joined, visible(text).translate(ALIKE))


def joined(spelled: re.Match[str]) -> str:
    """The letters of a word that is spelled out."""
    return re.sub(r"[-.*_]", "", spelled[0])
