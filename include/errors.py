"""Every error this project raises on purpose.

A message says what is wrong, with the names and numbers, and what to do next, and no password. An
error that is not a PlatformError is a bug in the platform, not in the data or the settings.
"""

import difflib
import re
from collections.abc import Iterable

MASK = "***"
_WORDS = "pass(?:word|wd|phrase)|secret|token|api[_-]?key|access[_-]?key|credential|signature"
SECRETS = (
    # user:password@ of a URL, also where what should be percent-encoded is not. Digits alone are a
    # port; [user:password@] is how an order shows what may stand there.
    re.compile(r"(?<=://)(?!\[)[^\s/?#@:]*:(?!\d*(?:[/?#\s'\"]|$))(?:(?!://)\S)*(?=@)"),
    # A token in the place of the user; elsewhere, as in ssh://git@host, a user alone is no secret.
    re.compile(r"(?<=http://)(?!\[)[^\s/?#]+(?=@)|(?<=https://)(?!\[)[^\s/?#]+(?=@)"),
    # ?token=..., password="...", "secret": "..."; $NAME is what an order says.
    re.compile(
        rf"""((?:(?:{_WORDS})[\w-]{{0,40}}|(?<=[?&])(?:auth|key|pass|pw|pwd|sig))"""
        r"""(?:=|["']=?:\s*(?=["']))[\\"']*)[^\s&#"'\\,;)}\]*$<][^\s&#"'\\,;)}\]]*""",
        re.IGNORECASE,
    ),
)


class PlatformError(Exception):
    """Base of all deliberate errors.

    Args:
        what: the fact, with the names and numbers involved.
        fix: the next thing to do, as an instruction.
    """

    def __init__(self, what: str, fix: str) -> None:
        what, fix = masked(what), masked(fix)
        super().__init__(f"{what}\n  Next: {fix}")
        self.what, self.fix = what, fix


class ParamsError(PlatformError):
    """params.yaml does not say what a step needs."""


class DataError(PlatformError):
    """A file or table is not what the stage that reads it expects."""


class PipelineError(PlatformError):
    """dvc.yaml, or the machine under it, cannot run the graph."""


def masked(text: str) -> str:
    """The text with *** for each password, token and key in it, such as those of URLs."""
    login, user, named = SECRETS
    return named.sub(rf"\1{MASK}", user.sub(MASK, login.sub(MASK, text)))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ' Did you mean 'x'?' for the closest known name, else ''."""
    match = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {match[0]!r}?" if match else ""


def at_most_ten(items: Iterable[object]) -> str:
    """Join the first ten items with commas, and count the rest."""
    texts = [str(item) for item in items]
    more = f" and {len(texts) - 10:,} more" if len(texts) > 10 else ""
    return ", ".join(texts[:10]) + more
