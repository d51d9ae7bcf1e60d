"""How flights ended, as far as it is in hand when a window is watched."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl


@dataclass(frozen=True)
class Labels:
    """What counts as late, and when it is known.

    Args:
        late_after_min: minutes of delay above which a flight is late.
        after_days: days from an arrival to when its delay is in hand.
        now: the moment of watching.
    """

    late_after_min: int
    after_days: float
    now: datetime

    def of(self, flights: pl.LazyFrame) -> pl.LazyFrame:
        """The outcome of each flight of which it is in hand: flight_id and ended_late."""
        late = pl.col("arr_delay_min") > self.late_after_min
        known = flights.filter(pl.col("arr_delay_min").is_not_null() & self.in_hand())
        return known.select("flight_id", ended_late=late)

    def all_in_hand(self, flights: pl.LazyFrame) -> bool:
        """Whether no outcome of these flights is still to come."""
        waits = pl.col("arr_delay_min").is_not_null() & ~self.in_hand()
        return not flights.select(waits.any()).collect().item()

    def in_hand(self) -> pl.Expr:
        """Whether the delay of a flight that arrived is known by now.

        Where no clock of its airport is known, it counts as known a day after departure.
        """
        arrived = pl.coalesce("arr_utc", pl.col("sched_dep_utc") + timedelta(days=1))
        return arrived + timedelta(days=self.after_days) <= self.now
