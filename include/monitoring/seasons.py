"""With which rows a month is compared: the same season of earlier years, where there is one.

Against a period of other seasons, a month differs by its season alone.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

YEAR = 12
# The month and its neighbours: a single one may have been unlike its season.
SEASON = (0, 1, YEAR - 1)


@dataclass(frozen=True)
class Season:
    """The rows of the reference, and whether they are of one season."""

    rows: pl.Series  # true for each row of the reference
    seasonal: bool
    sentence: str


def reference(days: pl.Series, month: date) -> Season:
    """Choose the rows that a month is compared with.

    Args:
        days: the date of each row that the reference may hold.
        month: any day of the month.

    Returns:
        The month and its neighbours in earlier years if the days hold that month a year or more
        ago; otherwise all rows.
    """
    age = month.year * YEAR + month.month - (days.dt.year().cast(pl.Int64) * YEAR + days.dt.month())
    same = (age >= YEAR) & (age % YEAR == 0)
    if not same.any():
        sentence = (
            f"The reference is the whole training period, which holds no {month:%B} of an earlier "
            "year: some of what moved is the season."
        )
        return Season(pl.repeat(True, len(days), eager=True), False, sentence)
    rows = (age >= YEAR - 1) & (age % YEAR).is_in(list(SEASON))
    held = days.filter(rows).dt.to_string().unique().sort()
    years = sorted(set(days.filter(same).dt.year()))
    sentence = (
        f"The reference is the same season of earlier years: {month:%B} of "
        f"{', '.join(map(str, years))} and the months beside it, {held[0]} to {held[-1]}."
    )
    return Season(rows, True, sentence)
