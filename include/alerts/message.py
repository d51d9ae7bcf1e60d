"""What is told of an incident, and who tells it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

from include.errors import PlatformError, masked

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
LONGEST = 2000  # letters of what is told


class NotSent(PlatformError):
    """A channel did not take a message: it is sent again later."""


@dataclass(frozen=True)
class Message:
    """One message about an incident; its texts are data, of whoever named a stage or a value."""

    id: str  # the same however often it is sent
    kind: Literal["opened", "resolved"]
    key: str  # of the incident
    title: str
    details: str
    since: float  # when the incident was opened, in seconds since 1970

    @property
    def subject(self) -> str:
        """One line, for people."""
        word = "ALERT" if self.kind == "opened" else "Resolved"
        return f"{word}: {one_line(self.title)}"[:200]

    @property
    def body(self) -> str:
        """All of it, for people."""
        began = f"{datetime.fromtimestamp(self.since, UTC):%Y-%m-%d %H:%M} UTC"
        lines = [self.subject, "", *map(one_line, self.details.splitlines())]
        return "\n".join([*lines, "", f"Since {began}. Incident {one_line(self.key)}."])


class Channel(Protocol):
    """A way to tell people; the name is that of its settings."""

    name: str

    def send(self, message: Message) -> None:
        """Tell of an incident.

        Raises:
            NotSent: it did not go out, as far as is known.
        """


def one_line(text: str) -> str:
    """A text without line ends, and without signs that move what stands beside it."""
    return CONTROL.sub(" ", text).strip()


def told(text: str) -> str:
    """A text as it may leave the house: no secret, not without end, and such as can be written."""
    return masked(text)[:LONGEST].encode(errors="replace").decode()
