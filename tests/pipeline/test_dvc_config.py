"""DVC's settings count in a run as they do in its repository, whoever set them, and where."""

import os
import shutil
from pathlib import Path

import pytest
from parity import Both, cat, dvc_, make, stages
from small_git import commit

from include.pipeline.judge import dvc_config

FILES = {"dvc.yaml": stages(use=cat("data.csv", out="used.txt")), "data.csv": "1\n"}


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of a user with settings of their own, which are empty."""
    for level in ("GLOBAL", "SYSTEM"):
        monkeypatch.setenv(f"DVC_{level}_CONFIG_DIR", str(tmp_path / level.lower()))
    monkeypatch.setenv("HOME", str(tmp_path))
    return make(tmp_path / "repo", FILES)


def objects(folder: Path) -> int:
    return len([path for path in folder.rglob("files/md5/*/*") if path.is_file()])


def test_a_remote_by_a_relative_path_is_where_the_repository_means_it(tmp_path, repo):
    dvc_(repo, "remote", "add", "-d", "store", "../remote")
    commit(repo)
    both = Both(repo)
    run, _ = both.ours()
    assert objects(tmp_path / "remote") == 1
    assert [path.name for path in (both.home / "runs").iterdir()] == []
    # It is the same that the user pulls from.
    dvc_(repo, "exp", "apply", run.name)
    shutil.rmtree(repo / ".dvc/cache")
    (repo / "used.txt").unlink()
    dvc_(repo, "pull")
    assert (repo / "used.txt").read_text() == "1\n"


@pytest.mark.parametrize("level", ["--local", "--global", "--system"])
def test_a_remote_and_a_cache_of_any_level_count(tmp_path, repo, level):
    remote, cache = tmp_path / "remote", tmp_path / "cache"
    remote.mkdir()
    dvc_(repo, "remote", "add", level, "-d", "store", str(remote))
    dvc_(repo, "config", level, "cache.dir", str(cache))
    run, _ = Both(repo).ours()
    assert (run.remote, run.cache_dir) == (True, cache)
    assert (objects(remote), objects(cache), objects(repo / ".dvc/cache")) == (1, 1, 0)


def test_the_nearest_level_counts(tmp_path, repo):
    dvc_(repo, "config", "--global", "cache.dir", str(tmp_path / "far"))
    dvc_(repo, "config", "--local", "cache.dir", "../near")
    run, _ = Both(repo).ours()
    assert run.cache_dir == tmp_path / "near"


@pytest.mark.parametrize("name", ["~/remote", "../re%mote", "../re'mote", '../re mote"x'])
def test_any_path_is_meant_as_dvc_means_it(tmp_path, repo, name):
    dvc_(repo, "remote", "add", "-d", "store", name)
    commit(repo)
    Both(repo).ours()
    assert objects(repo / os.path.expanduser(name)) == 1


def test_a_repository_may_lie_in_a_folder_of_any_letters(tmp_path):
    repo = make(tmp_path / "Jürgen's %d 数据" / "repo", FILES)
    both = Both(repo)
    _, did = both.ours()
    assert did == {"use": "ran"}
    assert objects(repo / ".dvc/cache") == 1
    assert both.ours()[1] == {"use": "cached"}


def test_a_remote_s_secrets_reach_the_run_and_nobody_else(tmp_path, repo):
    dvc_(repo, "remote", "add", "-d", "store", "s3://bucket/x")
    dvc_(repo, "remote", "modify", "--local", "store", "secret_access_key", "pa%ss,'w\"ord")
    commit(repo)
    run = Both(repo).open("one")
    path = run.folder / ".dvc/config.local"
    assert path.stat().st_mode & 0o777 == 0o600
    said = dvc_(run.folder, "config", "remote.store.secret_access_key")
    assert said.strip() == "pa%ss,'w\"ord"


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
@pytest.mark.parametrize(
    ("asked", "given"),
    [(None, "reflink,copy"), ("hardlink,symlink", "copy"), ("reflink,hardlink", "reflink")],
)
def test_root_gets_no_links_into_the_cache(asked, given):
    assert dvc_config.link_types(asked) == given


def test_another_user_gets_the_links_that_were_asked_for(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert dvc_config.link_types(None) == "reflink,copy"
    assert dvc_config.link_types("hardlink, copy") == "hardlink,copy"
