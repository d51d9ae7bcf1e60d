"""The commit of a run: HEAD, or a snapshot of the working tree."""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from include.errors import PipelineError, at_most_ten
from include.pipeline.git.command import AUTHOR, git, parts, top_of

UNSEEN = "git was told not to see its change"


def pin(
    repo: Path,
    message: str,
    choose: Callable[[list[str], list[str]], Sequence[str]] = list.__add__,
) -> tuple[str, bool]:
    """The commit of a run: HEAD, or a snapshot of the working tree where that differs.

    The snapshot is a commit on no branch. It holds what was changed of what git tracks, what is
    staged, and new files; but no ignored ones, and no change that git was told not to see (`git
    update-index --skip-worktree`, sparse checkouts). The user's index, branch and files are not
    touched.

    Args:
        choose: the new files that a snapshot takes, of those that git does not track, and of those
            that are staged; paths from git's root.

    Raises:
        PipelineError: a submodule holds changes, which no commit of this repository can hold.
    """
    head = git(repo, "rev-parse", "HEAD")
    if not git(repo, "status", "--porcelain", "--untracked-files=normal"):
        return head, False
    see_that_submodules_are_committed(repo)
    top = top_of(repo)
    # As the tree holds them: `git add -N` stages a name alone, and a new name is a new file.
    staged = parts(top, "diff", "-z", "--no-renames", "--name-only", "--diff-filter=A", "HEAD")
    taken = choose(parts(top, "ls-files", "-z", "--others", "--exclude-standard"), staged)
    with tempfile.TemporaryDirectory() as folder:
        env = {"GIT_INDEX_FILE": str(copy_of_index(repo, Path(folder))), **AUTHOR}
        git(top, "add", "--update", ":(top)", env=env)
        for words, paths in (
            (("add",), [path for path in taken if path not in staged]),
            (
                ("rm", "--cached", "--quiet", "--ignore-unmatch"),
                [path for path in staged if path not in taken],
            ),
        ):
            if paths:
                names = Path(folder) / "names"
                names.write_text("\0".join(paths))
                listed = ("--pathspec-from-file", str(names), "--pathspec-file-nul")
                git(top, "--literal-pathspecs", *words, *listed, env=env)
        tree = git(repo, "write-tree", env=env)
        if tree == git(repo, "rev-parse", "HEAD^{tree}"):
            return head, False
        return git(repo, "commit-tree", tree, "-p", head, "-m", message, env=env), True


def unseen(repo: Path) -> list[str]:
    """The files of which git holds another content, and was told not to see it; from git's root."""
    top = top_of(repo)
    entries = (entry.split(" ", 1) for entry in parts(top, "ls-files", "-v", "--stage", "-z"))
    told = [entry for sign, entry in entries if sign == "S" or sign.islower()]
    # A sparse checkout leaves others out.
    there = [entry for entry in told if os.path.lexists(top / entry.partition("\t")[2])]
    if not there:
        return []
    with tempfile.TemporaryDirectory() as folder:
        # An index of these alone, that knows nothing of when they were last looked at.
        env = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        words = ("update-index", "-z", "--index-info")
        git(top, *words, env=env, given="".join(f"{entry}\0" for entry in there))
        return parts(top, "diff", "-z", "--name-only", "--no-renames", env=env)


def copy_of_index(repo: Path, folder: Path) -> Path:
    """The user's index, to be written to: it knows what is staged, and what git is not to see."""
    index = Path(git(repo, "rev-parse", "--path-format=absolute", "--git-path", "index"))
    copy = folder / "index"
    if index.exists():
        # With its time, by which git knows of files that changed in the moment it was written.
        return Path(shutil.copy2(index, copy))
    git(repo, "read-tree", "HEAD", env={"GIT_INDEX_FILE": str(copy)})
    return copy


def see_that_submodules_are_committed(repo: Path) -> None:
    """Raise PipelineError for a submodule whose files are not those of its commit."""
    states = (entry.split(" ", 8) for entry in parts(repo, "status", "--porcelain=v2", "-z"))
    # What is said of an entry: 1, XY, S and whether its commit, files and new files differ, ...
    changed = [words[-1] for words in states if len(words) == 9 and words[2][:3:2] == "SM"]
    if changed:
        what = f"The submodule {at_most_ten(changed)} holds changes that are in no commit of it."
        raise PipelineError(what, "commit them in the submodule, then trigger a new run.")
