"""One file of a package from the index that pip uses, known by its hash.

Nothing of it is built, installed or run. A file that is there already is not fetched again.
"""

import hashlib
import logging
import os
import re
import ssl
import time
from collections.abc import Sequence
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
        PipelineError: no index answers.
    """
    held = held_file(name, sha256, folder)
    if held is not None:
        return held
    folder.mkdir(parents=True, exist_ok=True)
    indexes = read_indexes()
    with session(indexes) as client:
        chosen = find(client, indexes, name, version, sha256, kind)
        path = folder / chosen.link.filename
        work = folder / f".{path.name}.{os.getpid()}"
        try:
            got = download(client, chosen.link.normalized, work)
            if got != sha256:
                raise other_bytes(name, version, kind, sha256, got)
            work.replace(path)
        finally:
            work.unlink(missing_ok=True)
    log.info("fetched %s", path.name)
    return path


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


def find(
    client: Any, indexes: Indexes, name: str, version: str, sha256: str, kind: Kind
) -> "Package":
    """The file of that version and kind; the one with the hash, where the index tells hashes."""
    files = [found for found in listed(client, indexes, name) if is_kind(found, kind)]
    fitting = [found for found in files if same_version(found.version or "", version)]
    if not fitting:
        there = [found.version for found in files][:10]
        what = f"No index has a {kind} of {name} {version}; there is {at_most_ten(there) or 'none'}"
        raise DataError(f"{what}.", "correct the name and version in params.yaml.")
    told = [(found.link.hash_option or {}).get("sha256", []) for found in fitting]
    matching = [
        found for found, hashes in zip(fitting, told, strict=True) if not hashes or sha256 in hashes
    ]
    if not matching:
        raise other_bytes(name, version, kind, sha256, at_most_ten(h for one in told for h in one))
    return matching[0]


def listed(client: Any, indexes: Indexes, name: str) -> Sequence["Package"]:
    """All files of a package, the newest version first.

    Raises:
        PipelineError: there is none, be it that no index answers.
    """
    from unearth import PackageFinder

    finder = PackageFinder(
        client,
        index_urls=indexes.urls,
        find_links=indexes.find_links,
        ignore_compatibility=True,
    )
    problem = "none of them knows it"
    for attempt in range(TRIES):
        try:
            found = list(finder.find_all_packages(name, allow_yanked=True))
        except (OSError, ValueError, RuntimeError) as error:
            problem = said(error)
        except Exception as error:  # the client under unearth has errors of its own
            problem = said(error)
        else:
            if found:
                return found
            break
        time.sleep(WAIT_S * attempt)
    places = at_most_ten(masked(place) for place in (*indexes.urls, *indexes.find_links))
    raise PipelineError(
        f"The package {name} cannot be had from {places or 'any index'}: {problem}.",
        "see that pip can download it here (`pip config list` shows the index), then run it again.",
    )


def is_kind(found: "Package", kind: Kind) -> bool:
    """Whether a file is a wheel, or the source."""
    return found.link.is_wheel == (kind == "wheel")


def same_version(one: str, other: str) -> bool:
    """Whether two texts name the same version: 1.0 is 1.0.0."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return one == other


def download(client: Any, url: str, path: Path) -> str:
    """Write a file, and return its SHA-256.

    Raises:
        DataError: it is larger than any package.
        PipelineError: it does not arrive.
    """
    problem = ""
    for attempt in range(TRIES):
        time.sleep(WAIT_S * attempt)
        try:
            return write_stream(client, url, path)
        except DataError:
            raise
        except Exception as error:  # the client under unearth has errors of its own
            problem = said(error)
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
                raise DataError(what, "see that params.yaml names the right package.")
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def other_bytes(name: str, version: str, kind: Kind, wanted: str, got: str) -> DataError:
    """The index has something else than what was pinned."""
    return DataError(
        f"The {kind} of {name} {version} has the sha256 {got}; params.yaml pins {wanted}.",
        "find out why it was changed; if it is right, pin the new hash in params.yaml.",
    )


def said(error: Exception) -> str:
    """What a library says of an error, as a part of a sentence, without passwords."""
    return masked(str(error).strip().rstrip(".")) or type(error).__name__
