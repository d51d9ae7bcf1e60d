"""Makes a small DVC repository under git, with all that a graph can hold."""

import shutil
import subprocess
import sys
from pathlib import Path

SMALL = Path(__file__).parent / "small_repo"
AUTHOR = ("-c", "user.name=A", "-c", "user.email=a@localhost")


def shell(folder: Path, *words: str) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def commit(folder: Path, message: str = "change") -> None:
    shell(folder, "git", "add", "--all")
    shell(folder, "git", *AUTHOR, "commit", "--quiet", "--message", message)


def make(folder: Path) -> Path:
    shutil.copytree(SMALL, folder, ignore=shutil.ignore_patterns("dvc.lock", ".gitignore"))
    shell(folder, "git", "init", "--quiet")
    shell(folder, sys.executable, "-m", "dvc", "init", "--quiet")
    # A frozen stage is never run: what it made is in the cache, and its hash is committed.
    (folder / "frozen.txt").write_text("old\n")
    shell(folder, sys.executable, "-m", "dvc", "commit", "--force", "--quiet", "frozen")
    (folder / "frozen.txt").unlink()
    commit(folder, "start")
    return folder


def bare_of(repo: Path, *refs: str) -> Path:
    """A bare remote of a repository, with its branch main and these refs."""
    place = repo.with_name("bare.git")
    shell(repo, "git", "init", "--quiet", "--bare", "--initial-branch=main", str(place))
    shell(repo, "git", "remote", "add", "origin", str(place))
    shell(repo, "git", "push", "--quiet", "origin", "main", *(f"{ref}:{ref}" for ref in refs))
    return place
