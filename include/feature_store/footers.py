"""What the end of a Parquet file says of it: its columns, and from when to when its rows are."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PER_SECOND = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
MOST_KEPT = 100_000


@dataclass(frozen=True, eq=False)
class Footer:
    """The end of one file."""

    schema: pa.Schema
    edges: dict[str, tuple[int, int]]  # column of timestamps to its first and last, in Unix seconds

    def may_hold(self, time: str, first: datetime | None, last: datetime | None) -> bool:
        """Whether a row may lie between two aware times; also where the file does not say."""
        if time not in self.edges:
            return True
        low, high = self.edges[time]
        # A second more at each end: columns of milliseconds are compared as such.
        early = last is not None and low > seconds(last) + 1
        before = first is not None and high < seconds(first) - 1
        return not early and not before


Near = Callable[[Footer], bool]


def anywhere(footer: Footer) -> bool:
    """Whatever a file holds, it is read."""
    return True


def between(time: str, first: datetime | None, last: datetime | None) -> Near:
    """Whether a file may hold rows between two aware times."""
    return lambda footer: footer.may_hold(time, first, last)


def footer(file: Path) -> Footer:
    """The end of a file, read once while the file stays the same.

    A run that joins month after month looks at all the files each time, and opens few.
    """
    state = os.stat(file)
    return footer_of(file, (state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns))


@functools.lru_cache(maxsize=MOST_KEPT)
def footer_of(file: Path, state: tuple[int, ...]) -> Footer:
    """The end of a file in a certain state."""
    held = pq.read_metadata(file)
    schema = shared(held.schema.to_arrow_schema())
    found = {}
    for index in range(held.num_columns):
        name = held.schema.column(index).path
        if name in schema.names and pa.types.is_timestamp(schema.field(name).type):
            unit = PER_SECOND.get(schema.field(name).type.unit)
            edges = extremes(held, index)
            if unit and edges:
                found[name] = edges[0] // unit, edges[1] // unit
    return Footer(schema, found)


def extremes(held: pq.FileMetaData, column: int) -> tuple[int, int] | None:
    """The least and the greatest integer of a column; None where the file does not say."""
    groups = (held.row_group(number).column(column) for number in range(held.num_row_groups))
    known = [
        (group.statistics.min_raw, group.statistics.max_raw)
        if group.physical_type == "INT64" and group.statistics and group.statistics.has_min_max
        else None
        for group in groups
    ]
    edges = [pair for pair in known if pair]
    if not edges or len(edges) < len(known):
        return None
    return min(low for low, _ in edges), max(high for _, high in edges)


_schemas: dict[tuple[object, ...], pa.Schema] = {}


def shared(schema: pa.Schema) -> pa.Schema:
    """One object for equal schemas: those of ten years of monthly files are mostly one."""
    return _schemas.setdefault((schema, *(schema.metadata or {}).items()), schema)


def seconds(time: datetime) -> int:
    """Whole Unix seconds, also of times that have no place in the zone of the machine."""
    return (time - EPOCH) // timedelta(seconds=1)
