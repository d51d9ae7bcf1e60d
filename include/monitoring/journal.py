"""Logs of predictions into Parquet: `python -m include.monitoring.journal LOGS PARQUET`.

A closed log file is read once. One that may still grow is read up to its last whole line, and again
when it has grown. What a log file gives depends on its lines alone, and is in files of its name:
PARQUET/day=2013-12-31/NAME.parquet for each day in UTC. However often it was read on the way, they
are the same, byte for byte. How requests were replied to is in PARQUET/requests, in the same way.
Lines that cannot be read are in PARQUET/_quarantine, with the reason.
"""

import argparse
import io
import json
import os
import sys
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from include.errors import DataError, PlatformError
from include.monitoring.journal_files import alone, name_of, opened, write
from include.monitoring.journal_lines import Lines, read_lines, replies_of, table_of

READ, QUARANTINE = "_read.json", "_quarantine"
REQUESTS = "requests"  # the folder of those, within that of predictions


@dataclass(frozen=True)
class Found:
    """What was in one log file.

    Args:
        size: its bytes.
        closed: it will not grow any more.
        torn: bytes behind the last whole line, if it is closed: a request that had no answer.
    """

    size: int
    closed: bool
    lines: int
    rows: int
    quarantined: int
    torn: int


def convert(logs: Path, parquet: Path) -> dict[str, Found]:
    """Bring the Parquet files up to date with a folder of logs.

    Returns:
        What was in the files that were read now, by name; others had not changed.

    Raises:
        DataError: there is no such folder.
    """
    if not logs.is_dir():
        raise DataError(f"There is no folder {logs}.", "name the folder that the service logs to.")
    parquet.mkdir(mode=0o700, parents=True, exist_ok=True)
    done: dict[str, Found] = {}
    with alone(parquet):
        # Names are never used again, so what is no longer there need not be remembered.
        names = {name for path in logs.iterdir() if (name := name_of(path))}
        known = {name: held for name, held in read_known(parquet).items() if name in names}
        try:
            for name in sorted(names):
                if found := convert_new(logs, name, parquet, known.get(name)):
                    done[name] = found
        finally:
            held = {name: asdict(found) for name, found in sorted({**known, **done}.items())}
            write(parquet / READ, (json.dumps(held, indent=1) + "\n").encode())
    return done


def convert_new(logs: Path, name: str, parquet: Path, before: Found | None) -> Found | None:
    """Convert one log file; None if it holds nothing, or nothing that was not read before."""
    with opened(logs, name) as (file, closed):
        size = os.fstat(file.fileno()).st_size if file else 0
        if not file or not size or (before and (before.size, before.closed) == (size, closed)):
            return None
        data = file.read(size)
    whole = data.rfind(b"\n") + 1
    lines = read_lines(data[:whole])
    tables = {parquet: table_of(lines.rows), parquet / REQUESTS: replies_of(lines.replies)}
    for place, rows in tables.items():
        for day, table in by_day(rows):
            held = io.BytesIO()
            table.write_parquet(held)
            write(place / f"day={day}" / f"{name}.parquet", held.getvalue())
    if lines.faults:
        write(parquet / QUARANTINE / f"{name}.jsonl", quarantined(name, lines))
    torn = size - whole if closed else 0
    return Found(size, closed, lines.count, len(lines.rows), len(lines.faults), torn)


def quarantined(name: str, lines: Lines) -> bytes:
    """Each line that cannot be read, with its place and the reason."""
    faults = [
        {
            "file": name,
            "line": number,
            "reason": why,
            "text": text.decode(errors="backslashreplace"),
        }
        for number, why, text in lines.faults
    ]
    return "".join(json.dumps(fault) + "\n" for fault in faults).encode()


def by_day(table: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """The rows of each day in UTC, in their order."""
    days = table.get_column("at").dt.strftime("%Y-%m-%d")
    return ((day, table.filter(days == day)) for day in days.unique().sort())


def scan(parquet: Path, days: Collection[str] | None = None) -> pl.LazyFrame:
    """The rows of some days, as 2013-12-31, or of all; a column that files lack is null there.

    Raises:
        DataError: there is none.
    """
    files = [
        file
        for file in sorted(parquet.glob("day=*/*.parquet"))
        if days is None or file.parent.name.removeprefix("day=") in days
    ]
    if not files:
        when = "" if days is None else f" of {', '.join(sorted(days))}"
        what = f"{parquet} holds no predictions{when}."
        raise DataError(what, "run `python -m include.monitoring.journal LOGS PARQUET`.")
    tables = [pl.scan_parquet(file, hive_partitioning=False) for file in files]
    return pl.concat(tables, how="diagonal_relaxed")


def read_known(parquet: Path) -> dict[str, Found]:
    """What was read before; nothing if that is not known, for then all is read again."""
    try:
        held = json.loads((parquet / READ).read_text())
        return {name: Found(**found) for name, found in held.items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}


def main(argv: list[str]) -> int:
    """Convert, and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m include.monitoring.journal")
    parser.add_argument("logs", type=Path, help="the folder that the service logs to")
    parser.add_argument("parquet", type=Path, help="the folder of Parquet files; made if need be")
    given = parser.parse_args(argv)
    try:
        found = list(convert(given.logs, given.parquet).values())
    except PlatformError as error:
        print(error, file=sys.stderr)
        return 1
    still = sum(not one.closed for one in found)
    bad, torn = sum(one.quarantined for one in found), sum(bool(one.torn) for one in found)
    print(f"files read: {len(found):,}, of which {still:,} may still grow")
    print(f"lines: {sum(one.lines for one in found):,}, rows: {sum(one.rows for one in found):,}")
    print(f"quarantined lines: {bad:,}" + (f", see {given.parquet / QUARANTINE}" if bad else ""))
    print(f"files that end within a line, which was not answered: {torn:,}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
