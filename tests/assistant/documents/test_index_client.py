"""A file of a package is fetched by its hash, from the indexes that pip uses."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from assistant_documents import index, sdist, wheel

from include.assistant.documents import index_client
from include.assistant.documents.index_client import fetch_package, hash_of
from include.errors import DataError, PipelineError

PAGES = {"a.md": "# A\n"}


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "packages").mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setattr(index_client, "WAIT_S", 0.0)
    return tmp_path / "packages"


@pytest.fixture
def failing() -> Iterator[str]:
    """An index that answers every request with 503."""

    class Failing(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(503)

        def log_message(self, *_: object) -> None: ...

    server = http.server.HTTPServer(("127.0.0.1", 0), Failing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/simple"
    server.shutdown()
    server.server_close()


def test_of_the_files_of_a_version_the_one_of_that_kind_and_hash_is_taken(
    packages: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old, _ = sdist(packages, "notes", "1.0", PAGES)
    new, sha256 = sdist(packages, "notes", "1.1", {"a.md": "# A, new\n"})
    built, built_sha256 = wheel(packages, "notes", "1.1", PAGES)
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path, old, new, built))
    got = fetch_package("notes", "1.1", sha256, "sdist", tmp_path / "held")
    assert got == tmp_path / "held/notes-1.1.tar.gz" and hash_of(got) == sha256
    got = fetch_package("notes", "1.1.0", built_sha256, "wheel", tmp_path / "held")
    assert got.name == "notes-1.1-py3-none-any.whl"
    assert sorted(path.name for path in (tmp_path / "held").iterdir()) == [
        "notes-1.1-py3-none-any.whl",
        "notes-1.1.tar.gz",
    ]


def test_a_file_that_is_there_needs_no_index(
    packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, sha256 = sdist(packages, "notes", "1.0", PAGES)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert fetch_package("notes", "1.0", sha256, "sdist", packages) == path


def test_a_version_that_no_index_has_is_named_beside_those_that_are(
    packages: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, sha256 = sdist(packages, "notes", "1.0", PAGES)
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path, path))
    with pytest.raises(DataError) as raised:
        fetch_package("notes", "2.0", sha256, "sdist", tmp_path / "held")
    assert str(raised.value) == (
        "No index has a sdist of notes 2.0; there is 1.0.\n  Next: correct its name and version."
    )


def test_bytes_that_are_not_those_of_the_hash_do_not_stay(
    packages: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sdist(packages, "notes", "1.0", PAGES)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(packages))  # a folder tells no hash
    with pytest.raises(DataError, match="pinned is 0000"):
        fetch_package("notes", "1.0", "0" * 64, "sdist", tmp_path / "held")
    assert list((tmp_path / "held").iterdir()) == []


def test_an_index_that_is_down_does_not_hide_what_another_has(
    packages: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failing: str
) -> None:
    path, sha256 = sdist(packages, "notes", "1.0", PAGES)
    monkeypatch.setenv("PIP_INDEX_URL", failing)
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index(tmp_path, path))
    assert fetch_package("notes", "1.0", sha256, "sdist", tmp_path / "held").exists()


@pytest.mark.parametrize(
    ("version", "problem"),
    [
        ("2.0", "No index has a sdist of notes 2.0; there is 1.0."),
        ("1.0", "The sdist of notes 1.0 has the sha256 {}; pinned is " + "0" * 64 + "."),
    ],
    ids=["another version", "other bytes"],
)
def test_what_an_index_that_is_down_may_have_is_not_said_to_be_nowhere(
    packages: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    failing: str,
    version: str,
    problem: str,
) -> None:
    path, sha256 = sdist(packages, "notes", "1.0", PAGES)
    monkeypatch.setenv("PIP_INDEX_URL", failing)
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index(tmp_path, path))
    with pytest.raises(PipelineError) as raised:
        fetch_package("notes", version, "0" * 64, "sdist", tmp_path / "held")
    said = str(raised.value)
    assert said.startswith(f"{problem.format(sha256)} Not all answer: {failing}: ")
    assert "503" in said and "\n  Next: run it again when they do; if nothing changes, " in said


def test_indexes_that_do_not_answer_are_named_without_their_passwords(
    packages: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failing: str
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", failing.replace("//", "//me:secret@"))
    with pytest.raises(PipelineError) as raised:
        fetch_package("notes", "1.0", "0" * 64, "sdist", tmp_path / "held")
    said = str(raised.value)
    assert said.startswith("The package notes cannot be had from http://***@127.0.0.1:")
    assert "503" in said and "secret" not in said
    assert said.endswith(
        "\n  Next: see that pip can download it here (`pip config list` shows the indexes), then "
        "run it again."
    )
