"""The pages in the archive of a package. Nothing is unpacked but the pages that are asked for.

An archive is not believed: names that lead elsewhere, links, and sizes without end are refused.
"""

import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from include.assistant.documents.fetching.patterns import Wanted
from include.assistant.documents.fetching.source_settings import MB, Limits
from include.errors import DataError

CHUNK = 1 << 20  # bytes


@dataclass(frozen=True)
class Entry:
    """One file of an archive."""

    name: str  # in the archive
    size: int  # bytes, as the archive says
    plain: bool  # neither a link nor a device
    read: Callable[[], IO[bytes]]


def pages_of(archive: Path, top: bool, wanted: Wanted, limits: Limits) -> dict[str, bytes]:
    """The files of an archive that are wanted, by their path in it.

    Args:
        top: whether all lies in one folder, which is left out of the paths.
        wanted: which of them are.

    Raises:
        DataError: the archive is damaged, is too large, or holds a wanted name that leads out of
            it or is a link.
    """
    found: dict[str, bytes] = {}
    unpacked, total, packed = 0, 0, archive.stat().st_size
    with damaged(archive), entries(archive, limits) as listed:
        for number, entry in enumerate(listed):
            if number >= limits.entries:
                raise refused(archive, f"holds more than {limits.entries:,} entries", "entries")
            unpacked += entry.size
            check_unpacked(archive, packed, unpacked, limits)
            path = entry.name.partition("/")[2] if top else entry.name
            if not path or not wanted.has(path):
                continue
            check_place(archive, entry)
            data = read_page(archive, entry, limits)
            total += len(data)
            if total > limits.total_mb * MB:
                told = f"has more than {limits.total_mb:,g} MB of pages"
                raise refused(archive, told, "total_mb")
            found[path] = data
    return found


def check_place(archive: Path, entry: Entry) -> None:
    """Raise DataError if an entry is a link, or its name leads out of the archive."""
    parts = entry.name.replace("\\", "/").split("/")
    if entry.name.startswith(("/", "\\")) or ".." in parts:
        what = f"{archive.name} holds {entry.name!r}, a path that leads out of it."
        raise DataError(what, "do not use this archive; see where it comes from.")
    if not entry.name.isprintable():
        what = f"{archive.name} holds {entry.name!r}, a name that cannot be shown."
        raise DataError(what, "do not use this archive, or leave that page out in sources.yaml.")
    if not entry.plain:
        what = f"{archive.name} holds {entry.name!r}, which is a link and not a file."
        raise DataError(what, "leave that page out in sources.yaml.")


def read_page(archive: Path, entry: Entry, limits: Limits) -> bytes:
    """The bytes of an entry; its size is watched while it grows."""
    data = bytearray()
    with entry.read() as file:
        while chunk := file.read(CHUNK):
            data += chunk
            if len(data) > limits.page_mb * MB:
                told = f"holds {entry.name}, which is larger than {limits.page_mb:,g} MB"
                raise refused(archive, told, "page_mb")
    return bytes(data)


@contextmanager
def entries(archive: Path, limits: Limits) -> Iterator[Iterator[Entry]]:
    """The files of a .tar.gz, .zip or .whl, in its order."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as held:
            yield of_zip(held)
    else:
        with gzip.open(archive) as file:
            bounded = Bounded(archive, file, limits)
            with tarfile.open(fileobj=bounded, mode="r|") as tar:  # type: ignore[call-overload]
                yield of_tar(tar)


def of_zip(held: zipfile.ZipFile) -> Iterator[Entry]:
    """The files of a zip archive."""
    for info in held.infolist():
        if not info.is_dir():
            link = info.external_attr >> 28 == 0o12
            yield Entry(info.filename, info.file_size, not link, partial(held.open, info))


def of_tar(held: tarfile.TarFile) -> Iterator[Entry]:
    """The files of a tar archive."""
    for info in held:
        if not info.isdir():
            yield Entry(info.name, info.size, info.isreg(), partial(member, held, info))


def member(held: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    """The bytes of one file of a tar archive."""
    file = held.extractfile(info)
    if file is None:
        raise tarfile.TarError(f"{info.name} is no file")
    return file


class Bounded:
    """What comes out of a packed file, up to the most that may.

    The headers of a tar archive may be of any size, and are read whole.
    """

    def __init__(self, archive: Path, file: gzip.GzipFile, limits: Limits) -> None:
        self.archive, self.file, self.limits = archive, file, limits
        self.packed, self.size = archive.stat().st_size, 0

    def read(self, size: int) -> bytes:
        """The next bytes.

        Raises:
            DataError: they are too many by now.
        """
        data = self.file.read(size)
        self.size += len(data)
        check_unpacked(self.archive, self.packed, self.size, self.limits)
        return data


def check_unpacked(archive: Path, packed: int, size: int, limits: Limits) -> None:
    """Raise DataError if so many bytes are more than may come out of so many."""
    if size > limits.unpacked_mb * MB:
        told = f"unpacks to more than {limits.unpacked_mb:,g} MB"
        raise refused(archive, told, "unpacked_mb")
    if size > max(limits.ratio * packed, MB):
        raise refused(archive, f"unpacks to more than {limits.ratio:,g} times its size", "ratio")


@contextmanager
def damaged(archive: Path) -> Iterator[None]:
    """Say what an archive that cannot be read means."""
    try:
        yield
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        RuntimeError,
    ) as error:
        problem = str(error).strip().rstrip(".") or type(error).__name__
        what = f"{archive.name} cannot be unpacked: {problem}."
        raise DataError(
            what, "see that sources.yaml names the right file of the package."
        ) from error


def refused(archive: Path, told: str, limit: str) -> DataError:
    """A limit, and where it is set."""
    setting = f"fetch_docs.limits.{limit} in params.yaml"
    return DataError(
        f"{archive.name} {told}.", f"see that it is the right file; if so, raise {setting}."
    )
