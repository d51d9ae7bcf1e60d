"""Trees and commits written beside a working tree, whose index and branch stay as they are."""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from include.errors import PipelineError
from include.pipeline.git.cloning import modules
from include.pipeline.git.command import AUTHOR, command, git


@contextmanager
def tree_of(repo: Path, folder: Path) -> Iterator[dict[str, str]]:
    """Let git take a folder for the files of a repository, with an index of its own."""
    place = git(repo, "rev-parse", "--absolute-git-dir")
    with tempfile.TemporaryDirectory() as work:
        index = str(Path(work) / "index")
        yield {"GIT_DIR": place, "GIT_WORK_TREE": str(folder), "GIT_INDEX_FILE": index}


def tree_with(folder: Path, top: Path, commit: str, paths: Sequence[str]) -> str:
    """The tree of a commit, with what changed of it in a clone, and with some files beside.

    Args:
        folder: in the clone, as seen from which the paths are named.
        top: root of the clone.
    """
    with tempfile.TemporaryDirectory() as work:
        env = {"GIT_INDEX_FILE": str(Path(work) / "index")}
        git(folder, "read-tree", commit, env=env)
        # Git would ask each of them what changed, and so do what its settings say, a step's maybe.
        others = [f":(top,exclude,literal){path}" for path in modules(top, env)]
        git(folder, "add", "--update", "--", ":(top)", *others, env=env)
        present = [f":(literal){path}" for path in paths if (folder / path).exists()]
        if present:
            git(folder, "add", "--force", "--", *present, *others, env=env)
        return git(folder, "write-tree", env=env)


def commit_of(
    repo: Path, tree: str, message: str, parent: str = "", env: dict[str, str] | None = None
) -> str:
    """A commit of a tree, on no branch."""
    before = ["-p", parent] if parent else []
    env = {**AUTHOR, **(env or {})}  # and the message is no argument: those have a longest length
    return git(repo, "commit-tree", tree, *before, "-F", "-", env=env, given=f"{message}\n")


def is_same(repo: Path, rev: str, tree: str, base: str) -> bool:
    """Whether a commit is there, has this parent, and this tree but for the lines of .gitignore.

    Those come in the order in which stages ended.
    """
    if git(repo, "rev-parse", "--verify", "--quiet", f"{rev}^", check=False) != base:
        return False
    but = (":(top)", ":(top,exclude,glob)**/.gitignore")
    return not git(repo, "diff", "--name-only", rev, tree, "--", *but)


def copy_objects(source: Path, target: Path, tree: str) -> None:
    """Give the repository what its clone made for the tree."""
    pack = subprocess.Popen(
        command(source, "pack-objects", "--revs", "--local", "--stdout", "-q"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert pack.stdin is not None
    pack.stdin.write(f"{tree}\n".encode())
    pack.stdin.close()
    done = subprocess.run(command(target, "unpack-objects", "-q"), stdin=pack.stdout, check=False)
    if pack.wait() or done.returncode:
        what = f"git could not copy the result of the run from {source} to {target}."
        raise PipelineError(what, "see that the disk is not full, then clear this task.")
