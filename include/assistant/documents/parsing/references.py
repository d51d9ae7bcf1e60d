"""What cross-references of Sphinx point to: a label or a page of the same source, by its title.

A page that says no more than "see dbengine_logging" tells a reader nothing: Sphinx shows the title
of what is meant. So the pages of a source are looked through for the headings behind labels.
"""

import posixpath
import re
from collections.abc import Mapping

from include.assistant.documents.parsing.sections import one_line
from include.assistant.documents.parsing.spelling import shown

Titles = dict[str, str]  # what a page refers to, as it writes it, to the title of that
REFERENCE = re.compile(r":(?:std:)?(ref|doc|numref|any):`([^`<>]+)`")
LABEL = re.compile(r"^\.\. _`?([^`:\n]+)`?:[ \t]*$")
RULE = re.compile(r"^([^\w\s])\1{2,}[ \t]*$")
BETWEEN = re.compile(r"^(?:\.\. (?:_.*:|[\w:-]+::.*)|[ \t]+:.*)?[ \t]*$")
ROLE = re.compile(r"(?::[\w.+:-]+:)?`([^`]+)`_{0,2}")


def references(pages: Mapping[str, str]) -> dict[str, Titles]:
    """For each page of a source, the titles of what it refers to.

    Args:
        pages: path in the source to the text, of all its pages in reStructuredText.
    """
    labels: Titles = {}
    firsts: Titles = {}
    for path, text in pages.items():
        labels.update(labelled(text))
        first = first_title(text)
        if first:
            firsts[posixpath.splitext(path)[0]] = first
    return {path: used_in(path, text, labels, firsts) for path, text in pages.items()}


def used_in(path: str, text: str, labels: Titles, firsts: Titles) -> Titles:
    """The titles of what a page refers to, where they are known."""
    found: Titles = {}
    for kind, target in REFERENCE.findall(text):
        name = one_line(target)
        if kind == "doc":
            inside = posixpath.join(posixpath.dirname(path), name)
            place = name[1:] if name.startswith("/") else posixpath.normpath(inside)
            title = firsts.get(place)
        else:
            title = labels.get(name.lower().removeprefix("!").removeprefix("~"))
        if title:
            found[name] = title
    return dict(sorted(found.items()))


def labelled(text: str) -> Titles:
    """The labels of a page, each with the heading that follows it."""
    lines = text.split("\n")
    found: Titles = {}
    waiting: list[str] = []
    for number, line in enumerate(lines):
        label = LABEL.match(line)
        if label:
            waiting.append(one_line(label[1]).lower())
        elif waiting and not BETWEEN.match(line):
            title = heading_at(lines, number)
            found.update(dict.fromkeys(waiting, title) if title else {})
            waiting = []
    return found


def first_title(text: str) -> str:
    """The first heading of a page; empty if it has none."""
    lines = text.split("\n")
    titles = (heading_at(lines, number) for number in range(len(lines)))
    return next(filter(None, titles), "")


def heading_at(lines: list[str], number: int) -> str:
    """The heading that begins in a line, or the term of a definition; empty if none does."""
    line, *below = lines[number : number + 3]
    if not below or not line.strip():
        return ""
    if RULE.match(line):
        return plain(below[0]) if len(below) > 1 and RULE.match(below[1]) else ""
    if line.startswith((" ", "\t", "..")):
        return ""
    indented = below[0].startswith("    ") and line.rstrip().endswith("?")
    return plain(line) if RULE.match(below[0]) or indented else ""


def plain(title: str) -> str:
    """A heading without the marks of inline markup."""
    words = ROLE.sub(lambda found: shown(found[1]), title.replace("``", "`"))
    return one_line(re.sub(r"\*+(\S(?:.*?\S)?)\*+", r"\1", words))
