"""Which weeks or months are judged: whole ones, up to a day."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

from include.monitoring.windows import Window


def spans(end: date, kind: Literal["week", "month"], number: int) -> Sequence[Window]:
    """The last whole windows that have ended by a day, the earliest first.

    Args:
        end: the first day that is not seen. Weeks begin on Mondays.
    """
    last = end - timedelta(days=end.weekday()) if kind == "week" else end.replace(day=1)
    bounds = [back(last, kind, steps) for steps in range(number, -1, -1)]
    return [Window(start, stop) for start, stop in pairwise(bounds)]


def back(first: date, kind: Literal["week", "month"], steps: int) -> date:
    """The first day of the window that lies some windows before that of a first day."""
    if kind == "week":
        return first - timedelta(weeks=steps)
    months = first.year * 12 + first.month - 1 - steps
    return date(months // 12, months % 12 + 1, 1)
