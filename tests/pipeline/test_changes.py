"""What differs between two runs: params, sources, and what was made of them."""

from pathlib import Path

import pytest
from small_git import commit, shell

from include.pipeline.changes import Locked, changed, locked, made_anew, sources

LOCK = """schema: '2.0'
stages:
  fit:
    cmd: fit
    deps:
    - path: code.py
      md5: {code}
    - path: data/raw
      md5: bbbb.dir
    - path: data/clean/part
      md5: {code}
    outs:
    - path: data/clean
      md5: {out}.dir
    - path: model
      md5: {out}
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    shell(tmp_path, "git", "init", "--quiet")
    return tmp_path


def saved(repo: Path, **texts: str) -> str:
    """A commit of files, named by `a__b` for a/b."""
    for name, text in texts.items():
        path = repo / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    commit(repo)
    return shell(repo, "git", "rev-parse", "HEAD").strip()


def test_sources_are_what_no_stage_makes(repo):
    one = locked(repo, saved(repo, **{"dvc.lock": LOCK.format(code="a" * 32, out="c" * 32)}))
    two = locked(repo, saved(repo, **{"dvc.lock": LOCK.format(code="d" * 32, out="e" * 32)}))
    assert sources(one, two) == {"code.py": ("a" * 10, "d" * 10)}
    assert made_anew(one, two) == ["fit"]
    assert (sources(one, one), made_anew(one, one)) == ({}, [])


def test_a_lockfile_in_a_folder_counts_with_its_folder(repo):
    text = LOCK.format(code="a" * 32, out="c" * 32)
    found = locked(repo, saved(repo, **{"second__dvc.lock": text}))
    assert found.deps["second/code.py"] == "a" * 32
    assert found.makers["second/model"] == "second/dvc.yaml:fit"


NONE = ["{", "- 1", "stages: 3", "stages: {fit: 3}", "stages: {fit: {deps: 1, outs: [2]}}"]


@pytest.mark.parametrize("text", NONE)
def test_a_lockfile_that_is_none_says_nothing(repo, text):
    assert locked(repo, saved(repo, **{"dvc.lock": text})) == Locked()


def test_a_commit_without_lockfiles_and_no_commit_say_nothing(repo):
    assert locked(repo, saved(repo, **{"other.txt": ""})) == locked(repo, "") == Locked()


def test_what_came_and_what_went_has_changed_too():
    assert changed({"a": 1, "b": 2, "c": 3}, {"b": 2, "c": 4, "d": 5}) == {
        "a": (1, None),
        "c": (3, 4),
        "d": (None, 5),
    }
