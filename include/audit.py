"""Known weaknesses of the locked packages: `make audit` asks pip-audit, and believes no silence.

pip-audit calls a package that its source does not know "skipped", and all of it sound. So a
source is asked first for a package with a weakness that is known for long: where that is not found,
there is no data, and nothing is known of the packages either.

The status is 0 if there is nothing to do, 1 if there is, and 75 if the data cannot be had.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from include.errors import DataError, PlatformError, at_most_ten

PINS, REVIEWED = Path("environments/development.txt"), Path("advisories.yaml")
KNOWN_FOR_LONG = "jinja2==2.10"  # PYSEC-2019-217
SOURCES = (("-s", "pypi"), ("-s", "osv"))
NO_DATA = 75  # EX_TEMPFAIL of sysexits.h
VALID_DAYS = 180


class Review(BaseModel):
    """An advisory that somebody looked at, and that stays for now."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1, description="of the advisory, or an alias such as its CVE")
    package: str = Field(min_length=1, description="the locked package")
    reason: str = Field(min_length=10, description="why it stays")
    reviewed: date = Field(description="when somebody last looked")


@dataclass(frozen=True)
class Finding:
    """A weakness of a locked package."""

    package: str
    version: str
    ids: tuple[str, ...]  # its name, then its aliases
    fixed: tuple[str, ...]  # versions without it

    def __str__(self) -> str:
        mended = f"mended in {', '.join(self.fixed)}" if self.fixed else "no version mends it"
        return f"{self.package} {self.version}: {' = '.join(self.ids)}; {mended}"


def main(argv: list[str] | None = None) -> int:
    """Say what is known of the locked packages."""
    parser = argparse.ArgumentParser(prog="python -m include.audit", description=__doc__)
    parser.add_argument("--osv-url", help="ask this copy of OSV's API alone")
    words = parser.parse_args(argv)
    sources = [("-s", "osv", "--osv-url", words.osv_url)] if words.osv_url else SOURCES
    try:
        reviews = read_reviews(REVIEWED)
        found, unknown = audited(PINS.read_text().split(), sources)
        return said(found, unknown, reviews)
    except PlatformError as error:
        print(f"audit: {error}", file=sys.stderr)
        return 1


def audited(
    pins: Sequence[str], sources: Sequence[tuple[str, ...]]
) -> tuple[list[Finding], list[str]]:
    """What the first source that has data says of pinned packages, and those it does not know."""
    for source in sources:
        if ask([KNOWN_FOR_LONG], source)[0]:
            return ask(pins, source)
    return [], list(pins)


def ask(pins: Sequence[str], source: tuple[str, ...]) -> tuple[list[Finding], list[str]]:
    """What a source says of pinned packages, and those it does not know: all, if it is away."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(pins))
        file.flush()
        plain = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "-f", "json")
        command = [sys.executable, "-m", "pip_audit", "-r", file.name, *plain, *source]
        # With 1 it ends for a weakness as for an error: only what it writes tells them apart.
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        entries = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return [], list(pins)
    found = [
        Finding(
            entry["name"],
            entry["version"],
            (weakness["id"], *sorted(weakness["aliases"])),
            tuple(weakness["fix_versions"]),
        )
        for entry in entries
        for weakness in entry.get("vulns", [])
    ]
    known = {entry["name"] for entry in entries if "skip_reason" not in entry}
    return found, [pin for pin in pins if pin.partition("==")[0].lower() not in known]


def said(found: Sequence[Finding], unknown: Sequence[str], reviews: Sequence[Review]) -> int:
    """Print what is to be done, and return the status."""
    open_, stays = list[Finding](), set[Review]()
    for finding in found:
        of_it = [r for r in reviews if r.package == finding.package and r.id in finding.ids]
        stays |= set(of_it)
        if of_it:
            print(f"stays: {finding}. {of_it[0].reviewed}: {of_it[0].reason}")
        else:
            open_.append(finding)
            print(f"found: {finding}")
    if open_:
        print(
            f"audit: {len(open_)} advisories to see to.\n  Next: raise the pins in pyproject.toml "
            f"and run `make lock UPGRADE=NAME`; where no version mends one, or it does not reach "
            f"us, write it into {REVIEWED} with the reason and the date.",
            file=sys.stderr,
        )
        return 1
    if unknown:
        print(
            f"audit: nothing is known of {len(unknown)} locked packages: {at_most_ten(unknown)}. "
            "The advisories of PyPI and OSV cannot be had from here, or lack them.\n  Next: run "
            "`make audit` where https://pypi.org/pypi/NAME/VERSION/json or https://api.osv.dev "
            "answers, or name a copy of it with `python -m include.audit --osv-url URL`.",
            file=sys.stderr,
        )
        return NO_DATA
    if gone := [review for review in reviews if review not in stays]:
        names = at_most_ten(f"{review.package} {review.id}" for review in gone)
        print(
            f"audit: {REVIEWED} lists what is no longer found: {names}.\n  Next: remove it there.",
            file=sys.stderr,
        )
        return 1
    print(f"audit: no advisory of the locked packages but {len(stays)} that were reviewed.")
    return 0


def read_reviews(path: Path, today: date | None = None) -> list[Review]:
    """What stays, by the word of who looked at it.

    Raises:
        DataError: an entry is not complete, or nobody looked at it for long.
    """
    try:
        reviews = TypeAdapter(list[Review]).validate_python(yaml.safe_load(path.read_text()) or [])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        what = f"{path} is wrong at {where or 'its top'}: {first['msg'].lower()}."
        raise DataError(what, f"give {', '.join(Review.model_fields)} of each advisory.") from None
    oldest = (today or datetime.now(UTC).date()) - timedelta(days=VALID_DAYS)
    if old := [review for review in reviews if review.reviewed < oldest]:
        names = at_most_ten(f"{review.package} {review.id} ({review.reviewed})" for review in old)
        what = f"{path} lists what nobody looked at for {VALID_DAYS} days: {names}."
        raise DataError(what, "look again, then set reviewed to the day, or remove the entry.")
    return reviews


if __name__ == "__main__":
    raise SystemExit(main())
