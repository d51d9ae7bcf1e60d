"""The reports of a run lie where they stay, and none of another run or try beside them."""

from pathlib import Path

import pytest

from include.errors import PipelineError
from include.pipeline.closing import reports
from include.pipeline.closing.reports import publish
from include.pipeline.workspace import Run, reports_of


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that has made two reports."""
    folder = tmp_path / "home/runs/train.one"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs/index.html").write_text("new")
    (folder / "drift.json").write_text("new")
    return Run("one", tmp_path, folder, dag_id="train")


@pytest.fixture
def place(run: Run, tmp_path: Path) -> Path:
    """Where its reports stay, with those of a run of its name that was deleted."""
    found = reports_of(tmp_path / "home", "train", "one")
    for name in ("docs/index.html", "docs/old.html", "gone.json"):
        (found / name).parent.mkdir(parents=True, exist_ok=True)
        (found / name).write_text("old")
    return found


def texts(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def test_what_lay_there_before_is_gone(run, place, tmp_path):
    found = publish(run, tmp_path / "home", ["docs", "drift.json"])
    assert found == [place / "docs", place / "drift.json"]
    assert texts(place.parent) == {"one/docs/index.html": "new", "one/drift.json": "new"}
    assert publish(run, tmp_path / "home", ["drift.json"]) == [place / "drift.json"]
    assert texts(place.parent) == {"one/drift.json": "new"}
    assert publish(run, tmp_path / "home", []) == []
    assert list(place.parent.iterdir()) == []


def test_a_reader_never_finds_old_ones_beside_new_ones(run, place, tmp_path, monkeypatch):
    old, seen = texts(place), []
    real = reports.shutil.copyfile

    def copyfile(*words, **more):
        seen.append(texts(place))
        return real(*words, **more)

    monkeypatch.setattr(reports.shutil, "copyfile", copyfile)
    publish(run, tmp_path / "home", ["docs", "drift.json"])
    assert seen == [old] * 2
    assert {*texts(place).values()} == {"new"}


def test_reports_of_which_one_is_refused_change_nothing(run, place, tmp_path):
    old = texts(place)
    (run.folder / "drift.json").unlink()
    (run.folder / "drift.json").symlink_to("/etc/hostname")
    with pytest.raises(PipelineError, match="is a link to"):
        publish(run, tmp_path / "home", ["docs", "drift.json"])
    assert texts(place.parent) == {f"one/{name}": text for name, text in old.items()}
