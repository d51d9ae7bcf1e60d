"""The log of predictions of a window: which files, fixed by their content, and what they say.

The log lies outside the repository and grows. A stage that reads it has its place in params.yaml,
and the hash of what it read in its report; with that hash beside the place, another log is refused.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from include.errors import DataError, ParamsError
from include.monitoring import journal
from include.monitoring.service import NOTHING, Replies, Service, replies, service

NONE = "none"


class Log(BaseModel):
    """Where the log of predictions is, and which."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    location: str = Field(description="folder of include.monitoring.journal, or none: no log")
    md5: str = Field(
        pattern=rf"^({NONE}|[0-9a-f]{{32}})$", description="of what is read of it; none: any"
    )


class Taken:
    """The log of some days.

    Raises:
        ParamsError: a hash is given, but no place; or not the whole path of it.
        DataError: there is no such folder, or it holds other lines than those of the hash.
    """

    def __init__(self, log: Log, start: date, end: date, zone: ZoneInfo) -> None:
        self.folder = None if log.location == NONE else Path(log.location)
        self.start, self.end, self.zone = start, end, zone
        if self.folder is None:
            if log.md5 != NONE:
                raise ParamsError("log.md5 is set, and log.location is none.", "set both, or none.")
            return
        if not self.folder.is_absolute():
            what = f"log.location is {log.location!r}, and a run may work in another folder."
            raise ParamsError(what, "give the whole path, from / on.")
        if not self.folder.is_dir():
            fix = "run `python -m include.monitoring.journal LOGS PARQUET`, or set it to none."
            raise DataError(f"log.location, {self.folder}, is no folder.", fix)
        if log.md5 not in (NONE, self.md5):
            what = f"The log in {self.folder} from {start} to {end} has the md5 {self.md5}, and "
            fix = "set log.md5 to what is to be read, or to none."
            raise DataError(f"{what}log.md5 asks for {log.md5}.", fix)

    @cached_property
    def hashes(self) -> dict[Path, str]:
        """Each file of the days to the hash of its content."""
        if self.folder is None:
            return {}
        days = utc_days(self.start, self.end)
        files = sorted(self.folder.glob("**/day=*/*.parquet"))
        return {
            file: md5_of(file) for file in files if file.parent.name.removeprefix("day=") in days
        }

    @cached_property
    def md5(self) -> str:
        """The hash of all files of the days; without a log, none."""
        return self.digest(self.start, self.end)

    def digest(self, start: date, end: date) -> str:
        """The hash of the files of a window; without a log, none."""
        return NONE if self.folder is None else self.hash_of(utc_days(start, end))

    def hash_of(self, days: frozenset[str]) -> str:
        """One hash of the files of some days: of their names and contents."""
        assert self.folder is not None
        told = "".join(
            f"{file.relative_to(self.folder).as_posix()} {held}\n"
            for file, held in self.hashes.items()
            if file.parent.name.removeprefix("day=") in days
        )
        return hashlib.md5(told.encode(), usedforsecurity=False).hexdigest()

    def service(
        self,
        start: date,
        end: date,
        oldest_s: Mapping[str, float],
        known: Mapping[str, frozenset[str]],
    ) -> Service | None:
        """What the log says of a window's answers; None without a log."""
        if self.folder is None:
            return None
        if not self.holds(self.folder, start, end):
            return NOTHING
        rows = self.within(journal.scan(self.folder, utc_days(start, end)), start, end)
        return service(rows, oldest_s, known)

    def replies(self, start: date, end: date) -> Replies | None:
        """What the log says of a window's requests; None if it does not tell."""
        if self.folder is None or not self.holds(self.folder / journal.REQUESTS, start, end):
            return None
        held = journal.scan(self.folder / journal.REQUESTS, utc_days(start, end))
        return replies(self.within(held, start, end))

    def holds(self, folder: Path, start: date, end: date) -> bool:
        """Whether a folder has a file of a window."""
        days = utc_days(start, end)
        held = (file for file in self.hashes if file.parent.parent == folder)
        return any(file.parent.name.removeprefix("day=") in days for file in held)

    def within(self, rows: pl.LazyFrame, start: date, end: date) -> pl.LazyFrame:
        """The rows of a window, whose days are local."""
        local = (datetime.combine(day, time(), self.zone) for day in (start, end))
        first, last = (moment.astimezone(UTC) for moment in local)
        return rows.filter(pl.col("at").is_between(first, last, closed="left"))


def md5_of(file: Path) -> str:
    """The hash of a file, read in parts."""
    with file.open("rb") as held:
        return hashlib.file_digest(held, "md5").hexdigest()


def utc_days(start: date, end: date) -> frozenset[str]:
    """The days in UTC that the local days from start to before end touch, as 2013-12-31."""
    days = (end - start).days
    return frozenset(f"{start + timedelta(days=day):%Y-%m-%d}" for day in range(-1, days + 1))
