"""One file of a package from the indexes that pip uses, known by its hash.

Nothing of it is built, installed or run. A file that is there already is not fetched again.
"""

import hashlib
import logging
import os
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from include.assistant.documents.pip_settings import Indexes, read_indexes
from include.errors import DataError, PipelineError, at_most_ten, masked

if TYPE_CHECKING:
    from unearth import Package

log = logging.getLogger(__name__)
Kind = Literal["sdist", "wheel"]
MOST_MB = 1000  # of one file
CHUNK = 1 << 20  # bytes
TRIES, WAIT_S, TIMEOUT_S = 3, 1.0, 60.0


def fetch_package(name: str, version: str, sha256: str, kind: Kind, folder: Path) -> Path:
    """The file of a package in `folder`, fetched if it is not there; its bytes have the hash.

    Args:
        name: of the package, such as scikit-learn.
        version: exactly this one.
        sha256: of the file, in hex digits.
        kind: which of the files of that version.
        folder: where the file stays.

    Raises:
        DataError: no index has the version, or what it has are other bytes.
        PipelineError: no index answers, or one that does not may have it.
    """
    held = held_file(name, sha256, folder)
    if held is not None:
        return held
    folder.mkdir(parents=True, exist_ok=True)
    indexes = read_indexes()
    hashes: list[str] = []  # of the files that are others
    with session(indexes) as client:
        files, problems = listed(client, indexes, name)
        for found in fitting(files, problems, name, version, kind):
            told = (found.link.hash_option or {}).get("sha256", [])
            path = folder / found.link.filename
            got = told[0] if told else ""
            if not told or sha256 in told:
                got = fetch(client, found.link.normalized, path, sha256)
            if got == sha256:
                log.info("fetched %s", path.name)
                return path
            hashes.append(got)
    what = f"The {kind} of {name} {version} has the sha256 {at_most_ten(hashes)}"
    fix = "find out why it was changed; if it is right, pin the new hash."
    raise lacking(f"{what}; pinned is {sha256}.", fix, problems)


def held_file(name: str, sha256: str, folder: Path) -> Path | None:
    """The file of the package with this hash, if the folder has it."""
    wanted = same_form(name)
    for path in sorted(folder.glob("*")):
        if path.is_file() and same_form(path.name).startswith(wanted) and hash_of(path) == sha256:
            return path
    return None


def same_form(name: str) -> str:
    """A name as the names of files have it: scikit_learn for scikit-learn."""
    return re.sub(r"[-_.]+", "_", name).lower()


def hash_of(path: Path) -> str:
    """The SHA-256 of a file in hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def session(indexes: Indexes) -> Any:
    """A client for the indexes; it never asks for a password."""
    from unearth.auth import MultiDomainBasicAuth
    from unearth.fetchers import PyPIClient

    trust = indexes.certificates
    client = PyPIClient(
        trusted_hosts=indexes.trusted_hosts,
        verify=ssl.create_default_context(cafile=trust) if trust else True,
        timeout=TIMEOUT_S,
        follow_redirects=True,
    )
    client.auth = MultiDomainBasicAuth(prompting=False, index_urls=indexes.urls)
    return client


def fitting(
    files: list["Package"], problems: list[str], name: str, version: str, kind: Kind
) -> list["Package"]:
    """The files of a version and kind.

    Raises:
        DataError, PipelineError: there is none; see `lacking`.
    """
    of_kind = [found for found in files if found.link.is_wheel == (kind == "wheel")]
    found = [file for file in of_kind if same_version(file.version or "", version)]
    if not found:
        there = at_most_ten(dict.fromkeys(file.version for file in of_kind)) or "none"
        what = f"No index has a {kind} of {name} {version}; there is {there}."
        raise lacking(what, "correct its name and version.", problems)
    return found


def lacking(what: str, fix: str, problems: list[str]) -> DataError | PipelineError:
    """What the indexes lack that answer; another may have it."""
    if not problems:
        return DataError(what, fix)
    others = f"{what} Not all answer: {at_most_ten(problems)}."
    return PipelineError(others, f"run it again when they do; if nothing changes, {fix}")


def listed(client: Any, indexes: Indexes, name: str) -> tuple[list["Package"], list[str]]:
    """All files of a package, the newest of each place first, and which places do not answer.

    Raises:
        PipelineError: there is none, be it that no index answers.
    """
    found: list[Package] = []
    problems: list[str] = []
    places = [*indexes.urls, *indexes.find_links]
    for place in places:
        files, problem = listed_in(client, place, place in indexes.urls, name)
        found += files
        problems += [f"{masked(place)}: {problem}"] if problem else []
    if not found:
        said = at_most_ten(problems) or at_most_ten(masked(place) for place in places)
        raise PipelineError(
            f"The package {name} cannot be had from {said or 'any index: none is set'}.",
            "see that pip can download it here (`pip config list` shows the indexes), then run it "
            "again.",
        )
    return found, problems


def listed_in(client: Any, place: str, index: bool, name: str) -> tuple[list["Package"], str]:
    """The files of a package in one place, and why that place did not answer."""
    from unearth import PackageFinder

    urls, folders = ([place], []) if index else ([], [place])
    problem = ""
    for attempt in range(TRIES):
        time.sleep(WAIT_S * attempt)
        with heard() as warnings:
            try:
                finder = PackageFinder(
                    client, index_urls=urls, find_links=folders, ignore_compatibility=True
                )
                found = list(finder.find_all_packages(name, allow_yanked=True))
            except Exception as error:  # the client under unearth has errors of its own
                problem = said_by(error)
                continue
        if found or not warnings or "404" in warnings[0] or "NotFound" in warnings[0]:
            return found, ""
        problem = masked(warnings[0])
    return [], problem


@contextmanager
def heard() -> Iterator[list[str]]:
    """What unearth warns of: it takes an index that fails for one that is empty."""
    warnings: list[str] = []

    class Hearing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            warnings.append(record.getMessage().partition(": ")[2])

    logger, handler = logging.getLogger("unearth.collector"), Hearing(logging.WARNING)
    before, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield warnings
    finally:
        logger.removeHandler(handler)
        logger.propagate = before


def same_version(one: str, other: str) -> bool:
    """Whether two texts name the same version: 1.0 is 1.0.0."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return one == other


def fetch(client: Any, url: str, path: Path, sha256: str) -> str:
    """Put what a URL gives at `path` if its SHA-256 is this one; return the hash that it has.

    Raises:
        DataError: it is larger than any package.
        PipelineError: it does not arrive.
    """
    work = path.with_name(f".{path.name}.{os.getpid()}")
    problem = ""
    try:
        for attempt in range(TRIES):
            time.sleep(WAIT_S * attempt)
            try:
                got = write_stream(client, url, work)
            except DataError:
                raise
            except Exception as error:  # the client under unearth has errors of its own
                problem = said_by(error)
                continue
            if got == sha256:
                work.replace(path)
            return got
    finally:
        work.unlink(missing_ok=True)
    raise PipelineError(
        f"{masked(url)} cannot be downloaded: {problem}.",
        "see that the index answers, then run it again.",
    )


def write_stream(client: Any, url: str, path: Path) -> str:
    """Write what a URL gives, once, and return its SHA-256."""
    digest, size = hashlib.sha256(), 0
    with client.get_stream(url) as response, path.open("wb") as file:
        response.raise_for_status()
        for chunk in response.iter_bytes(CHUNK):
            size += len(chunk)
            if size > MOST_MB * 1_000_000:
                what = f"{masked(url)} is larger than {MOST_MB:,} MB."
                raise DataError(what, "see that it is the right package.")
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def said_by(error: Exception) -> str:
    """What a library says of an error, as a part of a sentence, without passwords."""
    return masked(str(error).strip().rstrip(".")) or type(error).__name__
