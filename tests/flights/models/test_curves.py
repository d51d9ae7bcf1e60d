"""What the curves promise: the same files with dvclive and without."""

import subprocess
import sys
from pathlib import Path

import pytest

from include.flights.models.curves import dvclive_works, recording

GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
COMMIT = [*GIT, "commit", "--quiet", "--allow-empty", "--message=first"]


def repository(folder: Path, commit: bool) -> None:
    """A Git and DVC repository."""
    subprocess.run([*GIT, "init", "--quiet"], cwd=folder, check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "--quiet"], cwd=folder, check=True)
    if commit:
        subprocess.run(COMMIT, cwd=folder, check=True)


def record(folder: Path) -> dict[str, str]:
    """Two epochs as files."""
    with recording(folder) as add:
        add({"learning_rate": 1e-05, "train/log_loss": 0.5})
        add({"learning_rate": 2e-05, "train/log_loss": 0.25})
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


EXPECTED = {
    "plots/metrics/learning_rate.tsv": "step\tlearning_rate\n0\t1e-05\n1\t2e-05\n",
    "plots/metrics/train/log_loss.tsv": "step\tlog_loss\n0\t0.5\n1\t0.25\n",
}


def test_dvclive_writes_one_file_per_curve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    repository(tmp_path, commit=True)
    assert dvclive_works()
    assert record(tmp_path / "curves") == EXPECTED
    changed = subprocess.run(
        ["git", "status", "--short", "--", "dvc.yaml", "curves"], capture_output=True, text=True
    )
    assert changed.stdout == "?? curves/\n"


def test_without_a_commit_the_same_files_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    repository(tmp_path, commit=False)
    assert not dvclive_works()
    assert record(tmp_path / "curves") == EXPECTED


def test_outside_a_repository_none_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert record(tmp_path / "curves") == EXPECTED
    assert [path.name for path in tmp_path.iterdir()] == ["curves"]


def test_inside_an_experiment_nothing_is_added_to_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    repository(tmp_path, commit=True)
    monkeypatch.setenv("DVC_EXP_BASELINE_REV", "0" * 40)
    assert record(tmp_path / "curves") == EXPECTED
    command = ["git", "ls-files", "curves"]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b""
