"""Odd files in a folder of pages are named, and nothing is written then."""

import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
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
    lock = place / "own/#a.md"
    lock.symlink_to("jane@host.123")
    assert failure(place, first=own_pages(place, "first"), own=own) == (
        "The source own has '#a.md', a link to 'jane@host.123', which does not exist.\n  Next: "
        "mend or remove it, or name it in sources.own.leave_out in sources.yaml."
    )
    assert list((place / "docs").iterdir()) == []  # not the pages of the first either
    assert fetch(place, own={**own, "leave_out": ["#*"]}) == ["own/a.md"]
    lock.unlink()
    os.mkfifo(place / "own/b.md")
    assert "has 'b.md', which is no file." in failure(place, own=own)
    (place / "own/b.md").unlink()
    lock.symlink_to(lock.name)
    assert "has '#a.md', a link to '#a.md'" in failure(place, own=own)


@pytest.mark.parametrize("named", [b"caf\xe9.md", b"b\nc.md", b"\x1b[2J.md", "a\u202e.md".encode()])
def test_a_name_that_is_not_text_is_refused(place: Path, named: bytes) -> None:
    own = own_pages(place)
    before = fetch(place, own=own)
    Path(os.fsdecode(os.fsencode(place / "own") + b"/" + named)).write_text("# B\n")
    said = failure(place, own={**own, "title": "Other"})
    assert said.startswith(f"The source own has a page {os.fsdecode(named)!r}, whose name is not")
    assert said.isascii() and "leave it out in sources.own" in said
    assert before == ["own/a.md"]


@pytest.mark.parametrize("scheme", ["file://", "simplecache::file://"])
def test_a_link_out_of_a_folder_is_refused_behind_a_url_too(place: Path, scheme: str) -> None:
    own = {**own_pages(place), "location": f"{scheme}{place / 'own'}", "pages": ["*.md"]}
    (place / "own/b.md").symlink_to("a.md")
    assert fetch(place, own=own) == ["own/a.md", "own/b.md"]
    (place / "own/c.md").symlink_to("/etc/hostname")
    assert "holds c.md, a link that leads out of" in failure(place, own={**own, "edition": "2"})


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that prints nothing."""

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def web(place: Path) -> Iterator[dict[str, Any]]:
    """The folder own as a source that a web server lists."""
    own_pages(place)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(place))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/own/"
        yield {"kind": "location", "location": url, "pages": ["**/*.md"], **SAID}
        server.shutdown()
        thread.join()


def test_pages_on_the_web_have_their_own_names(place: Path, web: dict[str, Any]) -> None:
    names = ["100%.md", "a b#c.md", "ümlaut.md"]
    for name in names:
        (place / "own" / name).write_text(f"# {name}\n")
    assert fetch(place, web=web) == ["web/100%.md", "web/a b#c.md", "web/a.md", "web/ümlaut.md"]
    assert [(place / "docs/web" / name).read_text() for name in names] == [
        f"# {name}\n" for name in names
    ]


def test_a_folder_on_the_web_that_is_not_listed_is_an_error(
    place: Path, web: dict[str, Any]
) -> None:
    (place / "own/sub").mkdir()
    (place / "own/sub/index.html").write_text("<h1>Sub</h1>")
    (place / "own/sub/s.md").write_text("# S\n")
    said = failure(place, web=web)
    assert "/own/sub/ of the source web lists no page." in said and "name sub/** in" in said
    assert fetch(place, web={**web, "leave_out": ["sub/**"]}) == ["web/a.md"]
    (place / "own/sub/index.html").write_text('<a href="gone.md">Gone</a>')
    assert "/own/sub/gone.md of the source web cannot be read: " in failure(place, web=web)
