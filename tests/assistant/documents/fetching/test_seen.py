"""A page of this machine that changes is seen by the next run, or refused before the first."""

from pathlib import Path

import assistant_documents
import pytest
import yaml
from assistant_documents import SAID

from include.assistant.documents.fetching.seen import check_seen
from include.assistant.documents.fetching.source_settings import Source, read_sources
from include.errors import DataError

ROOM = Path(__file__).parents[4] / "include/assistant"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose stage has docs and README.md among its deps, and pages elsewhere too."""
    project = tmp_path / "include/assistant"
    for folder in ("docs", "handbook/deep"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.md").write_text("# A\n")
    (tmp_path / "README.md").write_text("# R\n")
    project.mkdir(parents=True)
    depend(project, "../../docs", "../../README.md")
    monkeypatch.chdir(project)
    return project


def depend(project: Path, *deps: str) -> None:
    stage = {"cmd": "python", "deps": ["sources.yaml", *deps]}
    (project / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"fetch_docs": stage}}))


def failure(place: Path, *pages: str, **changed: object) -> str:
    source = {"kind": "files", "folder": "../..", "pages": list(pages), **SAID, **changed}
    with pytest.raises(DataError) as raised:
        assistant_documents.fetch(place, {"own": source})
    return str(raised.value).replace(str(place.parents[1]), "")


def test_a_folder_that_is_no_dep_is_refused_with_what_to_add(place: Path) -> None:
    assert failure(place, "**/*.md", folder="../../handbook") == (
        "The source own reads ../../handbook, which is not among the deps of fetch_docs in "
        "dvc.yaml: no run would see what changes there.\n"
        "  Next: add ../../handbook to the deps of fetch_docs in dvc.yaml."
    )
    assert "reads ../../handbook/deep, which" in failure(place, "handbook/deep/*.md")
    elsewhere = {"kind": "location", "folder": "", "location": str(place.parents[1] / "handbook")}
    assert "Next: add /handbook to the deps" in failure(place, "*.md", **elsewhere)
    assert not (place / "docs").exists()


def test_a_folder_of_all_the_project_cannot_be_a_dep(place: Path) -> None:
    assert failure(place, "README.md", "**/*.md").endswith(
        "Next: name its pages one by one in sources.own, or put them into a folder."
    )


def test_pages_below_a_dep_are_read(place: Path) -> None:
    depend(place, "../../docs", "../../README.md", "../../handbook")
    pages = ["README.md", "docs/*.md", "handbook/**/*.md"]
    own = {"kind": "files", "folder": "../..", "pages": pages, **SAID}
    docs = assistant_documents.fetch(place, {"own": own})
    assert len(list(docs.rglob("*.md"))) == 3


def test_what_is_not_of_this_machine_needs_no_dep(place: Path) -> None:
    url = Source(kind="location", location="file:///srv/wiki", pages=("*.md",), **SAID)
    check_seen("wiki", url, place / "dvc.yaml")


def test_the_sources_as_they_come_are_all_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOM)
    for name, source in read_sources(Path("sources.yaml")).items():
        check_seen(name, source, ROOM / "dvc.yaml")
