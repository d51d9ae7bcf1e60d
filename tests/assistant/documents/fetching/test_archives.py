"""An archive is not believed: only pages come out of it, and never more than the limits say."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from assistant_documents import sdist, wheel

from include.assistant.documents.fetching.archives import pages_of
from include.assistant.documents.fetching.patterns import Wanted
from include.assistant.documents.fetching.source_settings import Limits
from include.errors import DataError

SMALL = Limits(page_mb=0.01, total_mb=0.015, entries=4, unpacked_mb=3, ratio=50)

MARKDOWN = Wanted(("**/*.md",))


def failure(archive: Path) -> str:
    with pytest.raises(DataError) as raised:
        pages_of(archive, archive.suffix == ".gz", MARKDOWN, SMALL)
    return str(raised.value)


def tarred(folder: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    path = folder / "notes-1.0.tar.gz"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def test_only_what_is_wanted_comes_out_of_either_kind(tmp_path: Path) -> None:
    pages = {"a.md": "# A\n", "b.py": "print()", "deep/c.md": "# C\n"}
    path, _ = sdist(tmp_path, "notes", "1.0", pages)
    assert pages_of(path, True, MARKDOWN, SMALL) == {"a.md": b"# A\n", "deep/c.md": b"# C\n"}
    path, _ = wheel(tmp_path, "notes", "1.0", pages)
    assert pages_of(path, False, MARKDOWN, SMALL) == {"a.md": b"# A\n", "deep/c.md": b"# C\n"}


@pytest.mark.parametrize("name", ["n/../../evil.md", "/n/evil.md", "n/..\\evil.md"])
def test_a_path_that_leads_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    path = tarred(tmp_path, (tarfile.TarInfo(name), b"# Evil\n"))
    with pytest.raises(DataError) as raised:
        pages_of(path, False, Wanted(("**",)), SMALL)
    assert str(raised.value) == (
        f"notes-1.0.tar.gz holds {name!r}, a path that leads out of it.\n"
        "  Next: do not use this archive; see where it comes from."
    )


def test_a_page_that_is_a_link_is_refused(tmp_path: Path) -> None:
    link = tarfile.TarInfo("n/a.md")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    assert failure(tarred(tmp_path, (link, b""))) == (
        "notes-1.0.tar.gz holds 'n/a.md', which is a link and not a file.\n"
        "  Next: leave that page out in sources.yaml."
    )
    path = tmp_path / "notes-1.0.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("a.md")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    assert "holds 'a.md', which is a link" in failure(path)


def test_a_name_that_cannot_be_shown_is_refused(tmp_path: Path) -> None:
    path = tarred(tmp_path, (tarfile.TarInfo("n/a\x1b[2J.md"), b""))
    assert "holds 'n/a\\x1b[2J.md', a name that cannot be shown" in failure(path)


def test_more_than_may_come_out_is_refused_at_once(tmp_path: Path) -> None:
    page, far = tarfile.TarInfo("n/a.md"), tarfile.TarInfo("n/far.bin")
    assert failure(tarred(tmp_path, (page, b"a" * 10_001))) == (
        "notes-1.0.tar.gz holds n/a.md, which is larger than 0.01 MB.\n"
        "  Next: see that it is the right file; if so, raise fetch_docs.limits.page_mb in "
        "params.yaml."
    )
    two = [(tarfile.TarInfo(f"n/{name}.md"), b"a" * 8_000) for name in "ab"]
    assert "has more than 0.015 MB of pages" in failure(tarred(tmp_path, *two))
    five = [(tarfile.TarInfo(f"n/{number}"), b"") for number in range(5)]
    assert "holds more than 4 entries" in failure(tarred(tmp_path, *five))
    assert "unpacks to more than 50 times its size" in failure(
        tarred(tmp_path, (far, bytes(2_000_000)))
    )


def test_a_header_without_end_is_refused(tmp_path: Path) -> None:
    """The longest name that a tar archive may have is as long as its header says."""
    header = tarfile.TarInfo("././@PaxHeader")
    header.type, header.size = tarfile.XHDTYPE, 100_000_000
    path = tmp_path / "notes-1.0.tar.gz"
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = packer.compress(header.tobuf(tarfile.PAX_FORMAT))
    body = packer.compress(bytes(4_000_000)) + packer.flush()
    path.write_bytes(head + body)
    assert "unpacks to more than" in failure(path)


def test_a_size_that_an_archive_tells_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "notes-1.0.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.md", b"a" * 20_000)
    told = bytearray(path.read_bytes())
    for sign, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", told, told.index(sign) + place, 5)
    path.write_bytes(told)
    assert "cannot be unpacked: Bad CRC-32 for file 'a.md'" in failure(path)


@pytest.mark.parametrize(
    "data", [b"", b"<html>404", gzip.compress(b"no tar")[:-9]], ids=["empty", "page", "cut short"]
)
def test_what_is_no_archive_is_an_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "notes-1.0.tar.gz"
    path.write_bytes(data)
    said = failure(path)
    assert said.startswith("notes-1.0.tar.gz cannot be unpacked: ")
    assert said.endswith("\n  Next: see that sources.yaml names the right file of the package.")
