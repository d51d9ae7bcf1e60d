"""What time it is for a service: now, or another time for one that is tried on data of the past."""

import os
from collections.abc import Callable
from datetime import UTC, datetime

from include.errors import ParamsError

CLOCK = "LEEWAY_SERVE_CLOCK"  # the time at which the clock of the service starts


def start_clock() -> Callable[[], datetime]:
    """A clock that is right, or goes on from the time that LEEWAY_SERVE_CLOCK holds.

    Raises:
        ParamsError: that is no time with a zone.
    """
    text = os.environ.get(CLOCK, "").strip()
    if not text:
        return lambda: datetime.now(UTC)
    ahead = read_time(text) - datetime.now(UTC)
    return lambda: datetime.now(UTC) + ahead


def read_time(text: str) -> datetime:
    """A time with a zone.

    Raises:
        ParamsError: it is none.
    """
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    what = f"{text!r} is no time with a zone."
    raise ParamsError(what, "give one as 2013-12-31T12:00-05:00.")
