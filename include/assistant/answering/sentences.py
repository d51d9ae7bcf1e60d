"""Cut a passage into sentences, each verbatim; code stays whole, with the line that announces it.

A passage has a paragraph on a line, as parse_docs writes it, and code line by line.
"""

import re
from collections.abc import Iterator

FENCE = re.compile(r"^\s*(```|~~~)")
ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+(?=\S)")
# A line of code: a margin, a prompt, a statement, or signs that prose seldom ends without a mark.
CODE = re.compile(
    r"^(?: {2,}|\t|>>>|\.\.\. |[$#] |@\w|[})\]]|(?:from|import|def|class|export|return|with|for|if"
    r"|SELECT|INSERT|CREATE|UPDATE|DELETE)\b.*[^.!?]$|[\w./-]+\s*=\s*\S)"
)
SIGNS = re.compile(r"[(){}\[\]=;<>|\\$]|(?:^| )--?\w|\w/\w|\w_\w|\w:\w")
PROSE = re.compile(r"[.!?:][\"'”’)\]*`]*$")  # how a paragraph ends
# The end of a sentence: its mark and what closes with it, then a space before a new beginning.
END = re.compile(r"[.!?][\"'”’)\]]*(?=\s+[\"'“‘(\[`*]*[A-Z0-9`])")
SHORT = re.compile(r"\b(?:(?i:e\.g|i\.e|etc|vs|cf|approx|fig|no|resp|al|ca|incl)|[A-Z])\.$")
NUMBERED = re.compile(r"(?:^|\n)\s*\d{1,2}\.$")  # of a list: 1. Stop the service.
# Characters up to a mark that say whether it ends a sentence. Not all of them: of a text that is
# full of marks that do not, a model could write as many as keep a processor for minutes.
TAIL = 40


def split(text: str) -> list[str]:
    """The sentences of a text, in reading order; each is found in it as it stands."""
    found: list[tuple[int, int]] = []  # where each sentence begins and ends
    at = 0
    for block, code in blocks(text):
        for piece in [block.strip("\r\n").rstrip()] if code else sentences(block):
            start = text.index(piece, at)
            at = start + len(piece)
            if code and found and text.endswith(":", *found[-1]):
                found[-1] = (found[-1][0], at)
            elif piece:
                found.append((start, at))
    return [text[start:end] for start, end in found]


def blocks(text: str) -> Iterator[tuple[str, bool]]:
    """Paragraphs, items of lists and blocks of code; of each, whether it is code."""
    held, filled, code, fenced = list[str](), False, False, False
    for line in text.splitlines(keepends=True):
        edge, blank = bool(FENCE.match(line)), not line.strip()
        kind = fenced or edge or is_code(line)
        # A blank line ends a paragraph, but not code, in which another line of code may follow.
        ends = (kind != code and not blank) or edge or not code
        if filled and not fenced and ends:
            yield "".join(held), code
            held, filled = [], False
        if not filled:
            code = kind
        held.append(line)
        filled |= not blank
        if edge and fenced:
            yield "".join(held), True
            held, filled = [], False
        fenced ^= edge
    if filled:
        yield "".join(held), code


def is_code(line: str) -> bool:
    """Whether a line looks like code, output or a setting rather than like a sentence."""
    bare = line.rstrip()
    if ITEM.match(bare) or not bare:
        return False
    return bool(CODE.match(bare)) or (not PROSE.search(bare) and bool(SIGNS.search(bare)))


def sentences(paragraph: str) -> Iterator[str]:
    """The sentences of a paragraph."""
    start = seen = quotes = 0
    for end in END.finditer(paragraph):
        quotes += paragraph.count("`", seen, end.end())
        seen = end.end()
        tail = paragraph[max(start, seen - TAIL) : seen]
        # An odd number of backquotes: the mark stands in code.
        if SHORT.search(tail) or NUMBERED.search(tail) or quotes % 2:
            continue
        yield paragraph[start:seen].strip()
        start, quotes = seen, 0
    yield paragraph[start:].strip()
