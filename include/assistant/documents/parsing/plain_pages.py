"""Plain text into blocks: where nothing shows that it is reStructuredText, no sign is a mark."""

import re
from textwrap import dedent

from include.assistant.documents.parsing.sections import Outline, Section

# Headings with a line below them, directives, targets, literals, roles and references.
MARKS = re.compile(
    r"^([=\-~^\"'#*+.:`_])\1{2,}[ \t]*$|^[ \t]*\.\.[ ]|``|:[\w.+-]+:`|`_|::[ \t]*$", re.MULTILINE
)
APART = re.compile(r"\n(?:[ \t\f]*\n)+")
ITEM = re.compile(r"\n(?=[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t])")


def is_plain(text: str) -> bool:
    """Whether nothing in a text is a mark of reStructuredText."""
    return MARKS.search(text) is None


def sections_of(text: str) -> list[Section]:
    """The one section of a page: paragraphs, items of lists, and indented lines as they are."""
    outline = Outline()
    for part in APART.split(text.strip("\n")):
        if all(line[:1] in " \t" for line in part.split("\n")):
            outline.add(dedent(part.expandtabs(4)), code=True)
        else:
            for item in ITEM.split(part):
                outline.add(item)
    return outline.sections
