"""The platform's copy of the repository follows the checkout, whatever happened to either."""

import os
from pathlib import Path

import pytest
import repository
import small_git


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = small_git.make(tmp_path / "source")
    for name in ("copy", "objects"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(repository, "COPY", tmp_path / "copy" / "repository")
    monkeypatch.setattr(repository, "OBJECTS", tmp_path / "objects")
    monkeypatch.setenv("LEEWAY_SOURCE", str(made))
    monkeypatch.setenv("LEEWAY_BUCKET", "data")
    monkeypatch.setenv("LEEWAY_S3_URL", "http://store:9000")
    return made


def head(folder: Path) -> str:
    return small_git.shell(folder, "git", "rev-parse", "HEAD")


def change(source: Path, text: str) -> None:
    (source / "source.txt").write_text(text)
    small_git.commit(source)


def test_the_copy_follows_and_keeps_its_experiments(source):
    repository.main()
    copy = repository.COPY
    small_git.shell(copy, "git", "update-ref", "refs/exps/aa/bb/one", "HEAD")
    change(source, "new\n")
    repository.main()
    assert head(copy) == head(source)
    assert (copy / "source.txt").read_text() == "new\n"
    assert "refs/exps/aa/bb/one" in small_git.shell(copy, "git", "for-each-ref")
    assert "url = s3://data/dvc" in (copy / ".dvc/config.local").read_text()


def test_what_is_not_committed_is_left_out_and_counted(source, capsys):
    (source / "source.txt").write_text("not committed\n")
    repository.main()
    assert "1 changed files of the checkout are not committed" in capsys.readouterr().out
    assert (repository.COPY / "source.txt").read_text() != "not committed\n"


def test_a_moved_tag_a_rewritten_branch_and_a_lock_that_git_left_are_no_obstacle(source):
    small_git.shell(source, "git", "tag", "prod")
    repository.main()
    small_git.shell(source, "git", *small_git.AUTHOR, "commit", "--amend", "--quiet", "-m", "other")
    change(source, "new\n")
    small_git.shell(source, "git", "tag", "--force", "prod")
    lock = repository.COPY / ".git/index.lock"
    lock.touch()
    os.utime(lock, (0, 0))
    repository.main()
    assert head(repository.COPY) == head(source)


def test_a_shallow_checkout_will_do(source, tmp_path, monkeypatch):
    for text in ("one\n", "two\n"):
        change(source, text)
    shallow = tmp_path / "shallow"
    words = ("clone", "--quiet", "--depth", "1", f"file://{source}", str(shallow))
    small_git.shell(tmp_path, "git", *words)
    monkeypatch.setenv("LEEWAY_SOURCE", str(shallow))
    repository.main()
    change(source, "three\n")
    small_git.shell(shallow, "git", "fetch", "--quiet", "--depth", "1")
    small_git.shell(shallow, "git", "reset", "--quiet", "--hard", "FETCH_HEAD")
    repository.main()
    assert head(repository.COPY) == head(source)


def test_a_worktree_is_refused_in_two_lines(source):
    repository.main()
    (source / ".git").rename(source.with_name("elsewhere"))
    (source / ".git").write_text("gitdir: /of/the/host/only\n")
    with pytest.raises(
        SystemExit, match=r"git fetch failed for .*\n  Next: let the checkout be a clone"
    ):
        repository.main()
