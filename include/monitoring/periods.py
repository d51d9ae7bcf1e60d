"""What is compared with what, and how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from include.monitoring.contents import Contents
from include.monitoring.drift_limits import Limits, Words
from include.monitoring.plain_columns import Kind


@dataclass(frozen=True)
class Part:
    """Rows of one period: the outcomes of all, and a sample whose columns are compared.

    Args:
        outcomes: the score and the outcome of every row, and the columns of groups.
        sample: the compared columns and the score of some of them.
        fitted: whether the model learned from these rows, and so does better on them.
        reference: rows that this period alone is compared with; None: those of all.
    """

    name: str
    outcomes: pl.DataFrame
    sample: pl.DataFrame
    fitted: bool = False
    reference: pl.DataFrame | None = None


@dataclass(frozen=True)
class Periods:
    """What is compared with what.

    Args:
        current: rows whose outcome is known.
        reference: what they are compared with.
        unseen: rows that the model did not learn from, to say how well it did then.
        months: the periods of the window in order, the current one last; none: no trends.
        counted: contents of every row of the reference and of the current period, if the samples
            are not all of them.
        learned: contents of every row that the model learned from; None: those of the reference.
    """

    current: Part
    reference: Part
    unseen: Part | None = None
    months: Sequence[Part] = ()
    counted: tuple[Mapping[str, Contents], Mapping[str, Contents]] | None = None
    learned: Mapping[str, Contents] | None = None

    def named(self) -> dict[str, Part]:
        """The periods that are held against each other."""
        held = {"current": self.current, "reference": self.reference}
        return held | ({"unseen": self.unseen} if self.unseen else {})


@dataclass(frozen=True)
class Terms:
    """How periods are compared.

    Args:
        kinds: the columns that are compared.
        weights: column to any measure of its use by the model; None: all weigh the same.
        grouped: columns of the outcomes whose groups are told apart.
        group_rows: the rows that a group must have.
    """

    kinds: Mapping[str, Kind]
    limits: Limits
    words: Words
    weights: Mapping[str, float] | None = None
    grouped: Sequence[str] = ()
    group_rows: int = 500
