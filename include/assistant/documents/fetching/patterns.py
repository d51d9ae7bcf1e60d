"""Patterns of paths: * is anything in a name, ** is any number of folders.

As in a shell, neither stands for a name that begins with a dot: .git is nobody's documentation.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache


@dataclass(frozen=True)
class Wanted:
    """Which files of a source are its pages."""

    pages: tuple[str, ...]  # patterns
    leave_out: tuple[str, ...] = ()
    used: set[str] = field(default_factory=set)  # those of leave_out that left out a page

    def has(self, path: str) -> bool:
        """Whether a file is one of the pages."""
        return matches(path, self.pages) and not self.leaves_out(path)

    def leaves_out(self, path: str) -> bool:
        """Whether a pattern names what is not taken."""
        named = {one for one in self.leave_out if matches(path, [one], hidden=True)}
        self.used.update(named)
        return bool(named)

    def reaches(self, folder: str) -> bool:
        """Whether there may be pages below a folder; the others need not be looked through."""
        names = folder.split("/")
        return any(leads(pattern.split("/")[:-1], names) for pattern in self.pages)


def matches(path: str, patterns: Iterable[str], hidden: bool = False) -> bool:
    """Whether a path is one that any of the patterns names.

    Args:
        hidden: whether a sign that stands for any name may stand for one with a dot before it.
    """
    return any(expression(pattern, hidden).fullmatch(path) for pattern in patterns)


@cache
def expression(pattern: str, hidden: bool) -> re.Pattern[str]:
    """A pattern as a regular expression."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    # A name .. is one that an archive is refused for.
    sign = "[^/]" if hidden else r"(?:[^/.]|(?<=[^/])\.|\.(?=\.[/\\]))"
    known = {"**/": f"(?:{sign}+/)*", "**": f"(?:{sign}|/)*", "*": f"{sign}*", "?": sign}
    return re.compile("".join(known.get(part) or re.escape(part) for part in parts), re.S)


def leads(folders: list[str], names: list[str]) -> bool:
    """Whether a pattern's folders lead into one by its names."""
    for number, name in enumerate(names):
        if number == len(folders):
            return False
        if "**" in folders[number]:
            shown = not any(name.startswith(".") for name in names[number:])
            return shown or any(name.startswith(".") for name in folders[number + 1 :])
        if not expression(folders[number], False).fullmatch(name):
            return False
    return True
