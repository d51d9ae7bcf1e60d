"""All labelled flights, read a month at a time: memory holds one, however many there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from include import partitions
from include.flights.splits import Splits, Window


@dataclass(frozen=True)
class History:
    """Flights in monthly tables, in the order of their files.

    Args:
        months: one lazy table a month, with the column `split` beside those of its file.
    """

    months: tuple[pl.LazyFrame, ...]

    @classmethod
    def open(cls, features: Path, window: Window, splits: Splits) -> "History":
        """The flights of the window in a folder of monthly files."""
        inside = pl.col("date").is_between(window.start, window.end, closed="left")
        split = splits.expression(window).alias("split")
        tables = (pl.scan_parquet(file) for file in partitions.files(features))
        return cls(tuple(table.filter(inside).with_columns(split) for table in tables))

    @property
    def schema(self) -> pl.Schema:
        """The columns of the first month, and their types."""
        return self.months[0].collect_schema()

    def only(self, *splits: str) -> "History":
        """The flights of some splits."""
        wanted = pl.col("split").is_in(splits)
        return History(tuple(month.filter(wanted) for month in self.months))

    def scan(self, names: Sequence[str]) -> pl.LazyFrame:
        """Some columns of all flights as one lazy table."""
        return pl.concat([month.select(names) for month in self.months])

    def tables(self, names: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Some columns, one table for each month that has flights."""
        for month in self.months:
            table = month.select(names).collect()
            if table.height:
                yield table
