"""Patterns of paths: * is anything in a name, ** is any number of folders."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Wanted:
    """Which files of a source are its pages."""

    pages: tuple[str, ...]  # patterns
    leave_out: tuple[str, ...] = ()

    def has(self, path: str) -> bool:
        """Whether a file is one of the pages."""
        return matches(path, self.pages) and not matches(path, self.leave_out)

    def reaches(self, folder: str) -> bool:
        """Whether there may be pages below a folder; the others need not be looked through."""
        names = folder.split("/")
        return any(leads(pattern.split("/")[:-1], names) for pattern in self.pages)


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path is one that any of the patterns names."""
    return any(expression(pattern).fullmatch(path) for pattern in patterns)


@cache
def expression(pattern: str) -> re.Pattern[str]:
    """A pattern as a regular expression."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    known = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(known.get(part) or re.escape(part) for part in parts), re.S)


def leads(folders: list[str], names: list[str]) -> bool:
    """Whether a pattern's folders lead into one by its names."""
    for number, name in enumerate(names):
        if number == len(folders):
            return False
        if "**" in folders[number]:
            return True
        if not expression(folders[number]).fullmatch(name):
            return False
    return True
