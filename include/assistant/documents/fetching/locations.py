"""Pages in a folder of this machine, or behind a URL that fsspec reads."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from include.assistant.documents.fetching.patterns import Wanted
from include.assistant.documents.fetching.source_settings import MB, Limits
from include.errors import DataError, masked

Files = dict[str, bytes]
WEB = re.compile(r"(?:(?:simple|file|block)cache::)*https?://")  # its names are percent-encoded
REPOSITORY = re.compile(r"(\bgit(?:hub)?://)[\w.-]+:[\w./-]+@")


def of_folder(name: str, folder: Path, wanted: Wanted, limits: Limits) -> Files:
    """The pages in a folder; links that lead out of it are refused.

    Raises:
        DataError: the folder is not there, cannot be read, or holds too much.
    """
    if not folder.is_dir():
        what = f"The source {name} is the folder {folder}, which does not exist."
        raise DataError(what, f"correct sources.{name} in sources.yaml.")
    files: Files = {}
    for path in paths_in(name, folder, wanted):
        below = path.relative_to(folder).as_posix()
        if not wanted.has(below):
            continue
        if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
            what = f"The source {name} holds {below}, a link that leads out of {folder}."
            raise DataError(what, "put the file itself there, or leave that page out.")
        files[below] = read_page(name, below, path)
        check_size(name, below, files, limits)
    return files


def read_page(name: str, below: str, path: Path) -> bytes:
    """The bytes of a page of this machine.

    Raises:
        DataError: it is no file, such as a link to what is not there, or cannot be read.
    """
    if path.is_symlink() and not path.exists():
        told = f"{below!r}, a link to {str(path.readlink())!r}, which does not exist"
    elif not path.is_file():
        told = f"{below!r}, which is no file"  # one that waits for a writer would be read for ever
    else:
        try:
            return path.read_bytes()
        except OSError as error:
            told = f"{below!r}, which cannot be read: {error.strerror or type(error).__name__}"
    raise DataError(
        f"The source {name} has {told}.",
        f"mend or remove it, or name it in sources.{name}.leave_out in sources.yaml.",
    )


def paths_in(name: str, folder: Path, wanted: Wanted) -> list[Path]:
    """All files below a folder where pages may be; folders behind links are not entered."""

    def refuse(error: OSError) -> None:
        what = f"The source {name} has {error.filename!r}, which cannot be read: {error.strerror}."
        raise DataError(what, "see that this user may read there, then run it again.") from None

    found = []
    for place, folders, names in os.walk(folder, onerror=refuse):
        below = Path(place).relative_to(folder)
        folders[:] = [name for name in folders if wanted.reaches((below / name).as_posix())]
        found += [Path(place) / name for name in names]
    return sorted(found)


def of_url(name: str, url: str, wanted: Wanted, limits: Limits) -> Files:
    """The pages behind the URL of a folder.

    Raises:
        DataError: the URL holds a password, cannot be read, or holds too much or a link.
    """
    check_no_password(url)
    import fsspec

    files: Files = {}
    web = bool(WEB.match(url))
    with named(name, url):
        store, folder = fsspec.core.url_to_fs(url)
        listed: Mapping[str, Any] = store.find(folder, withdirs=web, detail=True)
        if not listed:  # over HTTP, a place that does not answer is an empty one
            raise OSError("nothing is listed there")
    if web:
        check_listed(name, str(folder), listed, wanted)
    for path in sorted(listed):
        below = below_of(path, str(folder))
        below = unquote(below) if web else below
        if path.endswith("/") or not wanted.has(below) or ".." in below.split("/"):
            continue
        if leads_out(path, listed[path], str(folder)):
            what = f"The source {name} holds {below}, a link that leads out of {url}."
            raise DataError(what, "put the file itself there, or leave that page out.")
        check_told(name, below, listed[path].get("size") or 0, limits)
        with named(name, path):
            files[below] = bytes(store.cat_file(path))
        check_size(name, below, files, limits)
    return files


def check_no_password(url: str) -> None:
    """Raise DataError if a URL holds a password; github://owner:repository@version is none."""
    bare = REPOSITORY.sub(r"\1", url)
    if masked(bare) != bare:
        raise DataError(
            f"{url} holds a password or token, which git would keep.",
            "take it out of sources.yaml, and give it to fsspec in the environment, as FSSPEC_HTTP="
            """'{"headers": {"Authorization": "Basic ..."}}' or FSSPEC_FTP_PASSWORD.""",
        )


@contextmanager
def named(name: str, place: str) -> Iterator[None]:
    """Say which place cannot be read, whatever the library under fsspec raises."""
    try:
        yield
    except Exception as error:
        said = str(error).strip().rstrip(".") or type(error).__name__
        raise DataError(
            f"{place} of the source {name} cannot be read: {said}.",
            "see that the place answers and that this user may read there, then run it again; "
            f"a single page may be named in sources.{name}.leave_out.",
        ) from None


def below_of(path: str, folder: str) -> str:
    """A path as it is below a folder."""
    return path.removeprefix(folder.rstrip("/")).strip("/")


def check_listed(name: str, folder: str, listed: Iterable[str], wanted: Wanted) -> None:
    """Raise DataError if a folder on the web says nothing of what is in it.

    One with an index.html of its own shows that page in the place of a list: its other pages
    cannot be found.
    """
    for place in listed:
        below = unquote(below_of(place, folder))
        empty = place.endswith("/") and not any(p != place and p.startswith(place) for p in listed)
        if empty and below and wanted.reaches(below) and not wanted.leaves_out(f"{below}/"):
            raise DataError(
                f"{place} of the source {name} lists no page.",
                f"see what the server shows there; if no page is wanted, name {below}/** in "
                f"sources.{name}.leave_out in sources.yaml.",
            )


def leads_out(path: str, told: Mapping[str, Any], folder: str) -> bool:
    """Whether a file is a link out of its folder; a link on another machine may lead anywhere."""
    if "islink" in told:  # a file of this machine
        return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
    return bool(told.get("type") == "link")


def check_size(name: str, path: str, files: Files, limits: Limits) -> None:
    """Raise DataError if a page, or all of them, are more than may be."""
    check_told(name, path, len(files[path]), limits)
    if len(files) > limits.entries:
        raise refused(f"The source {name} has more than {limits.entries:,} pages.", "entries")
    if sum(map(len, files.values())) > limits.total_mb * MB:
        raise refused(f"The source {name} has more than {limits.total_mb:,g} MB.", "total_mb")


def check_told(name: str, path: str, size: int, limits: Limits) -> None:
    """Raise DataError if a page is larger than may be."""
    if size > limits.page_mb * MB:
        raise refused(f"{path} of {name} is larger than {limits.page_mb:,g} MB.", "page_mb")


def refused(what: str, limit: str) -> DataError:
    """A limit, and where it is set."""
    setting = f"fetch_docs.limits.{limit} in params.yaml"
    return DataError(what, f"see that it is the right place; if so, raise {setting}.")
