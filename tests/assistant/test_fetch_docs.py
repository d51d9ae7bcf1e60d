"""What the stage fetch_docs promises, with an index of packages that lies in a folder."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import assistant_documents
import pytest
from assistant_documents import LIMITS, SAID, index, sdist, wheel

from include.assistant.documents import shelf
from include.assistant.documents.fetching.locations import check_no_password
from include.errors import DataError, PipelineError

PAGES = {
    "docs/faq.rst": "FAQ\n===\n\nWhy?\n----\nBecause.\n",
    "docs/how/to.rst": "How to\n======\n\nSo.\n",
    "docs/changelog.rst": "Changes\n",
    "setup.py": "raise SystemExit('never run')",
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the package notes 1.0 can be had from an index."""
    (tmp_path / "packages").mkdir()
    archive, _ = sdist(tmp_path / "packages", "notes", "1.0", PAGES)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path, archive))
    return tmp_path


def notes(place: Path, **changed: object) -> dict[str, Any]:
    archive = place / "packages" / "notes-1.0.tar.gz"
    held: dict[str, Any] = {
        "kind": "package",
        "package": "notes",
        "version": "1.0",
        "sha256": shelf.digest(archive.read_bytes()),
        "root": "docs",
        "pages": ["**/*.rst"],
        "leave_out": ["changelog.rst"],
        "url": "https://notes.example/1.0/{page}.html",
        **SAID,
    }
    return {**held, **changed}


def fetch(place: Path, **sources: dict[str, Any]) -> dict[str, str]:
    """Run the stage; return the pages that are there, with their texts."""
    assistant_documents.fetch(place, sources)
    files = [path for path in (place / "docs").rglob("*") if path.is_file()]
    return {
        path.relative_to(place / "docs").as_posix(): path.read_text()
        for path in sorted(files)
        if path.name != shelf.SOURCES
    }


def failure(place: Path, **sources: dict[str, Any]) -> str:
    with pytest.raises((DataError, PipelineError)) as raised:
        fetch(place, **sources)
    return str(raised.value).replace(str(place), "")


def test_the_pages_of_a_package_are_those_that_are_named(place: Path) -> None:
    assert fetch(place, notes=notes(place)) == {
        "notes/faq.rst": PAGES["docs/faq.rst"],
        "notes/how/to.rst": PAGES["docs/how/to.rst"],
    }
    told = json.loads((place / "docs" / shelf.SOURCES).read_text())["notes"]
    assert {name: told[name] for name in ("kind", "package", "version", "licence", "url")} == {
        "kind": "package",
        "package": "notes",
        "version": "1.0",
        "licence": "MIT",
        "url": "https://notes.example/1.0/{page}.html",
    }
    assert told["files"]["faq.rst"] == shelf.digest(PAGES["docs/faq.rst"].encode())


def test_an_unchanged_source_is_not_fetched_again(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(place, notes=notes(place))
    monkeypatch.setenv("PIP_INDEX_URL", (place / "gone").as_uri())
    before = (place / "docs" / shelf.SOURCES).read_bytes()
    fetch(place, notes=notes(place))
    assert (place / "docs" / shelf.SOURCES).read_bytes() == before
    assert "1 sources, 0 fetched now; 2 pages, 0 new" in capsys.readouterr().out
    told = fetch(place, notes=notes(place, licence="Apache-2.0"))  # needs no page anew
    assert len(told) == 2
    assert '"licence": "Apache-2.0"' in (place / "docs" / shelf.SOURCES).read_text()


def test_a_page_that_was_lost_or_changed_by_hand_is_fetched_again(place: Path) -> None:
    whole = fetch(place, notes=notes(place))
    (place / "docs/notes/faq.rst").write_text("changed by hand")
    assert fetch(place, notes=notes(place)) == whole
    (place / "docs/notes/how/stray.rst").write_text("not of the source")
    assert fetch(place, notes=notes(place)) == whole
    (place / "docs/notes/how/to.rst").unlink()
    assert fetch(place, notes=notes(place)) == whole


def test_a_source_or_page_that_is_no_longer_named_goes(place: Path) -> None:
    (place / "own").mkdir()
    (place / "own/a.md").write_text("# A\n")
    own = {"kind": "files", "folder": str(place / "own"), "pages": ["*.md"], **SAID}
    fetch(place, notes=notes(place), own=own)
    assert set(fetch(place, notes=notes(place, pages=["faq.rst"], leave_out=[]))) == {
        "notes/faq.rst"
    }
    assert sorted(path.name for path in (place / "docs").iterdir()) == ["notes", "sources.json"]


def test_what_was_fetched_half_is_not_there(place: Path) -> None:
    before = fetch(place, notes=notes(place))
    missing = {"kind": "files", "folder": str(place / "none"), "pages": ["*"], **SAID}
    said = failure(place, notes=notes(place), more=missing)
    assert said == (
        "The source more is the folder /none, which does not exist.\n"
        "  Next: correct sources.more in sources.yaml."
    )
    assert fetch(place, notes=notes(place)) == before


def test_other_bytes_than_were_pinned_are_refused(place: Path) -> None:
    archive = place / "packages" / "notes-1.0.tar.gz"
    got, wanted = shelf.digest(archive.read_bytes()), "0" * 64
    assert failure(place, notes=notes(place, sha256=wanted)) == (
        f"The sdist of notes 1.0 has the sha256 {got}; pinned is {wanted}.\n"
        "  Next: find out why it was changed; if it is right, pin the new hash."
    )
    assert not (place / "docs/notes").exists()


def test_a_pattern_that_finds_no_page_is_an_error(place: Path) -> None:
    assert failure(place, notes=notes(place, pages=["**/*.rst", "fag.rst"])) == (
        "The source notes has no page 'fag.rst' in docs; found are faq.rst, how/to.rst. "
        "Did you mean 'faq.rst'?\n"
        "  Next: correct sources.notes.pages or root in sources.yaml."
    )


def test_a_pattern_that_leaves_out_no_page_is_an_error(place: Path) -> None:
    misspelt = notes(place, leave_out=["changelog.rst", "changelag.rst", "draft/*"])
    assert failure(place, notes=misspelt) == (
        "The source notes leaves out 'changelag.rst', 'draft/*', and no page is so named.\n"
        "  Next: correct sources.notes.leave_out in sources.yaml, or take it out there."
    )


def test_a_wheel_is_read_as_well(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, sha256 = wheel(place / "packages", "config", "2.0", {"config/config.yml": "core: {}\n"})
    monkeypatch.setenv("PIP_INDEX_URL", index(place, path))
    source = notes(
        place,
        package="config",
        version="2.0",
        file="wheel",
        sha256=sha256,
        root="config",
        pages=["*.yml"],
        leave_out=[],
    )
    assert fetch(place, config=source) == {"config/config.yml": "core: {}\n"}


def test_docs_that_are_installed_are_taken_at_the_version_that_are_named(place: Path) -> None:
    source = {
        "kind": "installed",
        "package": "great-expectations",
        "version": version("great-expectations"),
        "root": "great_expectations/.agents/skills",
        "pages": ["gx-configure-checkpoint/SKILL.md"],
        **SAID,
    }
    [(page, text)] = fetch(place, gx=source).items()
    assert page == "gx/gx-configure-checkpoint/SKILL.md" and "heckpoint" in text
    said = failure(place, gx={**source, "version": "0.1"})
    assert said == (
        f"great-expectations {source['version']} is installed; sources.yaml names 0.1.\n"
        f"  Next: set sources.gx.version to {source['version']} in sources.yaml."
    )
    assert "which is not installed" in failure(place, gx={**source, "package": "no-such-thing"})


def test_files_of_this_machine_are_read_each_time(place: Path) -> None:
    (place / "own/deep").mkdir(parents=True)
    (place / "own/a.md").write_text("# A\n")
    (place / "own/deep/b.md").write_text("# B\n")
    own = {"kind": "location", "location": str(place / "own"), "pages": ["**/*.md"], **SAID}
    fetch(place, own=own)
    (place / "own/a.md").write_text("# A, changed\n")
    (place / "own/deep/b.md").unlink()
    assert fetch(place, own=own) == {"own/a.md": "# A, changed\n"}
    (place / "own/c.md").symlink_to("/etc/hostname")
    assert "c.md, a link that leads out of" in failure(place, own=own)


def test_a_url_is_read_once_an_edition(place: Path) -> None:
    import fsspec

    store = fsspec.filesystem("memory")
    store.pipe("/wiki/on call.md", b"# On call\n")
    wiki = {"kind": "location", "location": "memory://wiki", "pages": ["*.md"], **SAID}
    fetch(place, wiki=wiki)
    store.pipe("/wiki/on call.md", b"# On call, changed\n")
    assert fetch(place, wiki=wiki) == {"wiki/on call.md": "# On call\n"}
    said = failure(place, wiki={**wiki, "location": "memory://none"})
    assert said.startswith("memory://none of the source wiki cannot be read: ")
    wiki["edition"] = "second"
    assert fetch(place, wiki=wiki) == {"wiki/on call.md": "# On call, changed\n"}


def test_a_url_with_a_password_is_refused(place: Path) -> None:
    wiki = {
        "kind": "location",
        "location": "https://me:secret@wiki.example",
        "pages": ["*"],
        **SAID,
    }
    said = failure(place, wiki=wiki)
    assert said.startswith("https://***@wiki.example holds a password or token, which git")
    assert "FSSPEC_HTTP" in said and "secret" not in said


def test_a_version_of_a_repository_is_no_password() -> None:
    check_no_password("github://acme:handbook@v1.2/docs")
    with pytest.raises(DataError, match="holds a password"):
        check_no_password("github://acme:handbook@v1.2/docs?token=a1b2c3")


def test_more_than_the_limits_say_is_refused(place: Path) -> None:
    (place / "own").mkdir()
    (place / "own/a.md").write_text("a" * 2000)
    own = {"kind": "files", "folder": str(place / "own"), "pages": ["*.md"], **SAID}
    with pytest.raises(
        DataError, match=r"a\.md of own is larger than 0\.001 MB\.\n.*limits\.page_mb"
    ):
        assistant_documents.fetch(place, {"own": own}, LIMITS.model_copy(update={"page_mb": 0.001}))
