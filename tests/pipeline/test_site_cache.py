"""What DVC knows of a repository stays in it, closed to others, where nobody says otherwise."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from small_git import shell

from include.pipeline.closing.close_run import close_run
from include.pipeline.opening.open_run import open_run
from include.pipeline.reproduce import reproduce
from include.pipeline.site_cache import site_cache
from include.pipeline.workspace import Run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def unset(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, where nobody says where DVC is to keep what it knows."""
    monkeypatch.delenv("DVC_SITE_CACHE_DIR")
    return repo


def of(folder: Path) -> Path:
    return folder / ".git/leeway/site-cache"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def opened(repo: Path) -> Run:
    home = repo.with_name("home")
    return open_run(repo, "one", params={}, targets=("prepare",), plan_key=None, home=home)


@pytest.mark.parametrize("imported", [True, False], ids=["a fork", "a new Python"])
def test_a_run_keeps_it_in_its_workspace(unset: Path, monkeypatch, imported: bool) -> None:
    import dvc.repo.reproduce  # noqa: F401

    if not imported:
        monkeypatch.delitem(sys.modules, "dvc.repo")
    run = opened(unset)
    reproduce(run, "prepare", log=lambda line: None)
    assert mode(of(run.top)) == 0o700
    assert list(of(run.top).glob("repo/*")) != []
    close_run(run, unset.with_name("home"))
    assert not of(run.top).exists()
    assert shell(unset, "git", "status", "--porcelain") == ""


def test_a_step_finds_it_there(unset: Path) -> None:
    (unset / "dvc.yaml").write_text(
        "stages: {prepare: {cmd: 'echo $DVC_SITE_CACHE_DIR > said', outs: [said]}}"
    )
    run = opened(unset)
    reproduce(run, "prepare", log=lambda line: None)
    assert (run.folder / "said").read_text().strip() == str(of(run.top))


def test_the_command_line_keeps_it_in_the_repository(unset: Path) -> None:
    words = ("show", "status")
    for word in words:
        command = [sys.executable, "-m", "include.command", word, "--repo", str(unset)]
        subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, check=True)
    assert mode(of(unset)) == 0o700
    assert list(of(unset).glob("repo/*")) != []


def test_what_the_environment_says_stays(repo: Path) -> None:
    assert site_cache(repo) == {}


def test_a_repository_below_the_root_of_git_has_that_of_the_root(unset: Path) -> None:
    assert site_cache(unset / "second") == {"DVC_SITE_CACHE_DIR": str(of(unset))}


def test_a_worktree_has_it_beside_the_rest_of_what_dvc_does_not_keep(unset: Path) -> None:
    tree = unset.with_name("tree")
    shell(unset, "git", "worktree", "add", "--quiet", str(tree))
    assert site_cache(tree) == {"DVC_SITE_CACHE_DIR": str(tree / ".dvc/tmp/site-cache")}
    assert mode(tree / ".dvc/tmp/site-cache") == 0o700


def test_a_folder_that_is_no_repository_is_left_alone(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("DVC_SITE_CACHE_DIR", raising=False)
    assert site_cache(tmp_path) == {}
    assert list(tmp_path.iterdir()) == []
