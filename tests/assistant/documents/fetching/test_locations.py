"""Odd files in a folder of pages are named, and nothing is written then."""

import os
from pathlib import Path
from typing import Any

import assistant_documents
import pytest
from assistant_documents import SAID

from include.errors import DataError


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path


def own_pages(place: Path, name: str = "own") -> dict[str, Any]:
    (place / name).mkdir(exist_ok=True)
    (place / name / "a.md").write_text("# A\n")
    return {"kind": "location", "location": str(place / name), "pages": ["**"], **SAID}


def fetch(place: Path, **sources: dict[str, Any]) -> list[str]:
    """Run the stage; return the pages that are there."""
    docs = assistant_documents.fetch(place, sources)
    return [path.relative_to(docs).as_posix() for path in sorted(docs.rglob("*.md"))]


def failure(place: Path, **sources: dict[str, Any]) -> str:
    with pytest.raises(DataError) as raised:
        fetch(place, **sources)
    return str(raised.value)


def test_a_link_to_nothing_or_what_is_no_file_is_named(place: Path) -> None:
    own = own_pages(place)
    lock = place / "own/.#a.md"  # as an editor makes it while a page is open
    lock.symlink_to("jane@host.123")
    assert failure(place, first=own_pages(place, "first"), own=own) == (
        "The source own has '.#a.md', a link to 'jane@host.123', which does not exist.\n  Next: "
        "mend or remove it, or name it in sources.own.leave_out in sources.yaml."
    )
    assert list((place / "docs").iterdir()) == []  # not the pages of the first either
    assert fetch(place, own={**own, "leave_out": [".#*"]}) == ["own/a.md"]
    lock.unlink()
    os.mkfifo(place / "own/b.md")
    assert "has 'b.md', which is no file." in failure(place, own=own)
    (place / "own/b.md").unlink()
    lock.symlink_to(lock.name)
    assert "has '.#a.md', a link to '.#a.md'" in failure(place, own=own)


@pytest.mark.parametrize("named", [b"caf\xe9.md", b"b\nc.md", b"\x1b[2J.md", "a\u202e.md".encode()])
def test_a_name_that_is_not_text_is_refused(place: Path, named: bytes) -> None:
    own = own_pages(place)
    before = fetch(place, own=own)
    Path(os.fsdecode(os.fsencode(place / "own") + b"/" + named)).write_text("# B\n")
    said = failure(place, own={**own, "title": "Other"})
    assert said.startswith(f"The source own has a page {os.fsdecode(named)!r}, whose name is not")
    assert said.isascii() and "leave it out in sources.own" in said
    assert before == ["own/a.md"]
