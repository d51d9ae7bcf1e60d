"""Makes a small DVC repository under git, with all that a graph can hold."""

import atexit
import shutil
import subprocess
import sys
import tempfile
from functools import cache
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


@cache
def initialised() -> Path:
    """A folder with what `dvc init` writes: to begin DVC anew for each test takes a second."""
    folder = Path(tempfile.mkdtemp(prefix="dvc-init-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shell(folder, "git", "init", "--quiet")
    shell(folder, sys.executable, "-m", "dvc", "init", "--quiet")
    return folder


def init(folder: Path, *words: str) -> None:
    """Make a folder a repository of git and of DVC."""
    shell(folder, "git", "init", "--quiet", *words)
    shutil.copytree(initialised() / ".dvc", folder / ".dvc")
    shutil.copy(initialised() / ".dvcignore", folder)
    shell(folder, "git", "add", ".dvc", ".dvcignore")


def make(folder: Path) -> Path:
    shutil.copytree(SMALL, folder, ignore=shutil.ignore_patterns("dvc.lock", ".gitignore"))
    init(folder)
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
