"""Patterns of paths: * is anything in a name, ** is any number of folders."""

import re
from collections.abc import Iterable
from functools import cache


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path is one that any of the patterns names."""
    return any(expression(pattern).fullmatch(path) for pattern in patterns)


@cache
def expression(pattern: str) -> re.Pattern[str]:
    """A pattern as a regular expression."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    known = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(known.get(part) or re.escape(part) for part in parts))
