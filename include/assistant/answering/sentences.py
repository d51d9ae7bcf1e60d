"""Cut a passage into sentences, each verbatim; code stays whole."""

import re
from collections.abc import Iterator

FENCE = re.compile(r"^\s*(```|~~~)")
CODE = re.compile(r"^(?: {4,}|\t|>>> |\.\.\. |\$ |# [a-z]+[=: ])")
ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+")
# The end of a sentence: its mark and what closes with it, then a space before a new beginning.
END = re.compile(r"[.!?][\"'”’)\]]*(?=\s+[\"'“‘(\[`*]*[A-Z0-9`])")
SHORT = re.compile(r"\b(?:(?i:e\.g|i\.e|etc|vs|cf|approx|fig|no|resp|al|ca|incl)|[A-Z])\.$")
NUMBERED = re.compile(r"(?:^|\n)\s*\d{1,2}\.$")  # of a list: 1. Stop the service.


def split(text: str) -> list[str]:
    """The sentences of a text, in reading order; each is found in it as it stands."""
    found = (piece for block, code in blocks(text) for piece in pieces(block, code))
    return [piece for piece in found if piece]


def blocks(text: str) -> Iterator[tuple[str, bool]]:
    """Paragraphs, items of lists and blocks of code; of each, whether it is code."""
    held, held_code, fenced = "", False, False
    for line in text.splitlines(keepends=True):
        edge = bool(FENCE.match(line))
        code = fenced or edge or (bool(CODE.match(line)) and not ITEM.match(line))
        blank = not line.strip()
        # A blank line in code does not end it; the code after it would begin anew.
        apart = (blank and not held_code) or (not blank and code != held_code)
        if held.strip() and not fenced and (apart or edge or ITEM.match(line)):
            yield held, held_code
            held = ""
        if not held.strip():
            held_code = code
        held += line
        if edge and fenced:
            yield held, True
            held = ""
        fenced ^= edge
    if held.strip():
        yield held, held_code


def pieces(block: str, code: bool) -> Iterator[str]:
    """The sentences of a block: code is one, which keeps the margin of its first line."""
    if code:
        yield block.strip("\r\n").rstrip()
        return
    start = 0
    for end in END.finditer(block):
        said = block[start : end.end()]
        # An odd number of backquotes: the mark stands in code.
        if SHORT.search(said) or NUMBERED.search(said) or said.count("`") % 2:
            continue
        yield said.strip()
        start = end.end()
    yield block[start:].strip()
