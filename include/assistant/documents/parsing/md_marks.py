"""Marks of MyST, Docusaurus, Pandoc and GitHub that CommonMark takes for words, made plain."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from include.assistant.documents.parsing.words import words

NOTES = words(
    "note tip info warning danger caution important hint attention success error question details"
)
COLONS = re.compile(r"^([ \t]*)(:{3,})[ \t]*([^:`]*)$")
NAMED = re.compile(r"([A-Za-z][\w-]*)[ \t]*(?:\[(.*)\]|(.*))$")
# They stand between blank lines: in the middle of a paragraph they are words.
ALONE = re.compile(
    r"""^(?:%(?:[ ].*)?|\+{3}|\([\w:. -]+\)=|import[ ][^'"`]*['"][^'"]+['"];?)[ \t]*$"""
)
ALERT = re.compile(r"^((?:[ \t]*>)+[ \t]*)\[!(\w+)\][ \t]*$")
IDENTITY = re.compile(r"[ \t]*\{:?[ \t]*[#.][\w#.:= \t-]*\}[ \t]*$")
MORE = 10  # signs of a fence that stands for one of colons: more than one of code in it has


def plain(lines: Sequence[str], code: Sequence[bool]) -> Iterator[str]:
    """Lines with fences of colons as fences of a directive, or as notes, and without other marks.

    Args:
        code: for each line, whether it is one of code.
    """
    ends = pairs(lines, code)
    names: dict[int, str] = {}  # what the line of colons that ends a fence becomes
    alone = True  # nothing but marks and blank lines stands right above
    for at, line in enumerate(lines):
        if code[at]:
            yield line
            alone = False
        elif at in names:
            yield names.pop(at)
        elif at in ends:
            began, names[ends[at][1]] = begun(ends[at][0])
            yield from ("", began)
        elif alone and ALONE.match(line):
            yield ""
        else:
            alone = not line.strip()
            yield ALERT.sub(lambda found: f"{found[1]}{found[2].capitalize()}:", line)


def pairs(lines: Sequence[str], code: Sequence[bool]) -> dict[int, tuple[re.Match[str], int]]:
    """Where fences of colons begin, how, and where they end; without an end it is none."""
    found: dict[int, tuple[re.Match[str], int]] = {}
    begun_at: list[tuple[int, re.Match[str]]] = []
    waiting: Counter[str] = Counter()  # signs of those that have begun
    for at, line in enumerate(lines):
        colons = None if code[at] else COLONS.match(line)
        if colons and colons[3].strip():
            begun_at.append((at, colons))
            waiting[colons[2]] += 1
        elif colons and waiting[colons[2]]:
            place, one = begun_at.pop()
            while one[2] != colons[2]:
                waiting[one[2]] -= 1
                place, one = begun_at.pop()
            waiting[one[2]] -= 1
            found[place] = one, at
    return found


def begun(found: re.Match[str]) -> tuple[str, str]:
    """The line that begins what a fence of colons holds, and the one that ends it."""
    blanks, colons, said = found.groups()
    if re.match(r"\{[\w:+-]+\}", said):
        fence = f"{blanks}{'`' * (len(colons) + MORE)}"
        return f"{fence}{said}", fence
    named = NAMED.match(said)
    if named and named[1].lower() in NOTES:
        title = (named[2] or named[3] or "").strip()
        return f"{blanks}{title or named[1].capitalize()}:", ""
    return "", ""
