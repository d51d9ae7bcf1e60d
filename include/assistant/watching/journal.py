"""Logs of questions into Parquet: `python -m include.assistant.watching.journal LOGS PARQUET`.

As include.monitoring.journal does with predictions: what a log file gives depends on its lines
alone, and is in PARQUET/day=2026-01-31/NAME.parquet for each day in UTC; what people thought of
answers is in PARQUET/feedback, and how requests were replied to in PARQUET/requests. Lines that
cannot be read are in PARQUET/_quarantine with the reason, and in PARQUET/quarantined as numbers,
at the time of the line before, else when their file was begun: no time that stands in them can be
trusted. What is no longer in a log file goes from PARQUET when the file is read anew.
"""

import argparse
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from include.assistant.watching.lines import FEEDBACKS, QUESTIONS, Lines, read_lines, table_of
from include.errors import DataError, PlatformError
from include.monitoring.journal import (
    QUARANTINE,
    READ,
    REQUESTS,
    Found,
    by_day,
    quarantined,
    read_known,
)
from include.monitoring.journal_files import alone, name_of, opened, write
from include.monitoring.journal_lines import REPLIES
from include.step import clear_errors

FEEDBACK, QUARANTINED = "feedback", "quarantined"
FOLDERS = ("", FEEDBACK, REQUESTS, QUARANTINED)  # of the tables
FAULTS = {"at": pl.Datetime("us", "UTC"), "line": pl.Int64(), "reason": pl.String()}
BEGUN = re.compile(r"\d{8}T\d{6}Z(?=-)")  # how the service begins the name of a log file


def convert(logs: Path, parquet: Path) -> dict[str, Found]:
    """Bring the Parquet files up to date with a folder of logs.

    Returns:
        What was in the files that were read now, by name; others had not changed.

    Raises:
        DataError: there is no such folder, or none can be where the Parquet files are to be.
    """
    if not logs.is_dir():
        raise DataError(f"There is no folder {logs}.", "name the folder that the service logs to.")
    try:
        parquet.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        what = f"{parquet} is no folder, or is to be below a file."
        raise DataError(
            what, "name a folder for the Parquet files, or none that is there."
        ) from None
    done: dict[str, Found] = {}
    with alone(parquet):
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
        if not file:
            return None
        held = os.fstat(file.fileno())
        size = held.st_size
        if not size or (before and (before.size, before.closed) == (size, closed)):
            return None
        data = file.read(size)
    whole = data.rfind(b"\n") + 1
    lines = read_lines(data[:whole])
    kept = {*write_tables(parquet, name, lines, datetime.fromtimestamp(held.st_mtime, UTC))}
    if lines.faults:
        kept.add(parquet / QUARANTINE / f"{name}.jsonl")
        write(parquet / QUARANTINE / f"{name}.jsonl", quarantined(name, lines))
    for gone in {*files_of(parquet, name)} - kept:
        gone.unlink()
    torn = size - whole if closed else 0
    return Found(size, closed, lines.count, len(lines.rows), len(lines.faults), torn)


def write_tables(parquet: Path, name: str, lines: Lines, written: datetime) -> Iterator[Path]:
    """Write the tables of a log file by their days, and tell where."""
    for folder, table in tables(name, lines, written):
        for day, rows in by_day(table):
            content = io.BytesIO()
            rows.write_parquet(content)
            place = parquet / folder / f"day={day}" / f"{name}.parquet"
            write(place, content.getvalue())
            yield place


def files_of(parquet: Path, name: str) -> Iterator[Path]:
    """What was made of a log file, now or before its lines were mended or erased."""
    days = [day for folder in FOLDERS for day in (parquet / folder).glob("day=*")]
    places = [*(day / f"{name}.parquet" for day in days), parquet / QUARANTINE / f"{name}.jsonl"]
    yield from (place for place in places if place.is_file())


def tables(name: str, lines: Lines, written: datetime) -> Iterator[tuple[str, pl.DataFrame]]:
    """The tables of a log file, each with its folder."""
    yield "", table_of(lines.rows, QUESTIONS)
    yield FEEDBACK, table_of(lines.feedbacks, FEEDBACKS)
    yield REQUESTS, table_of(lines.replies, REPLIES)
    first = begun(name, lines, written)
    held = zip(lines.faults, lines.after, strict=True)
    faults = [{"at": at or first, "line": line, "reason": why} for (line, why, _), at in held]
    yield QUARANTINED, table_of(faults, FAULTS)


def begun(name: str, lines: Lines, written: datetime) -> datetime:
    """When a log file was begun: by its name, else by its first line that can be read.

    Args:
        written: when it was written to last, for one that has neither.
    """
    if found := BEGUN.match(name):
        with suppress(ValueError):  # digits that are no time
            return datetime.strptime(found[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    times = [row["at"] for row in (*lines.rows, *lines.feedbacks, *lines.replies)]
    return min(times, default=written)


def main(argv: list[str]) -> int:
    """Convert, and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m include.assistant.watching.journal")
    parser.add_argument("logs", type=Path, help="the folder that the service logs to")
    parser.add_argument("parquet", type=Path, help="the folder of Parquet files; made if need be")
    given = parser.parse_args(argv)
    try:
        with clear_errors():
            found = list(convert(given.logs, given.parquet).values())
    except PlatformError as error:
        print(error, file=sys.stderr)
        return 1
    bad, torn = sum(one.quarantined for one in found), sum(bool(one.torn) for one in found)
    print(
        f"files read: {len(found):,}, of which {sum(not f.closed for f in found):,} may still grow"
    )
    print(f"lines: {sum(f.lines for f in found):,}, questions: {sum(f.rows for f in found):,}")
    print(f"quarantined lines: {bad:,}" + (f", see {given.parquet / QUARANTINE}" if bad else ""))
    print(f"files that end within a line, which was not answered: {torn:,}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
