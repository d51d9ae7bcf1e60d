"""Every error this project raises on purpose.

A message says what is wrong, with the names and numbers, and what to do next. An error that
is not a PlatformError is a bug in the platform, not in the data or the settings.
"""

import difflib
from collections.abc import Iterable


class PlatformError(Exception):
    """Base of all deliberate errors.

    Args:
        what: the fact, with the names and numbers involved.
        fix: the next thing to do, as an instruction.
    """

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(f"{what}\n  Next: {fix}")
        self.what, self.fix = what, fix


class ParamsError(PlatformError):
    """params.yaml does not say what a step needs."""


class DataError(PlatformError):
    """A file or table is not what the stage that reads it expects."""


class PipelineError(PlatformError):
    """dvc.yaml, or the machine under it, cannot run the graph."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ' Did you mean 'x'?' for the closest known name, else ''."""
    match = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {match[0]!r}?" if match else ""


def at_most_ten(items: Iterable[object]) -> str:
    """Join the first ten items with commas, and count the rest."""
    texts = [str(item) for item in items]
    more = f" and {len(texts) - 10:,} more" if len(texts) > 10 else ""
    return ", ".join(texts[:10]) + more
