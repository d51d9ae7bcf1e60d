"""The few things that a run asks of git."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from include.errors import PipelineError, at_most_ten

AUTHOR = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Leeway"), ("EMAIL", "leeway@localhost"))
}
LINK = "160000"  # the mode of a submodule, and of a repository inside another


def command(repo: Path, *words: str) -> list[str]:
    """How git is called in a repository."""
    # A workspace may belong to the user of containers; its .git never does.
    trusted = ["-c", "safe.directory=*"] if os.geteuid() == 0 else []
    return ["git", "-C", str(repo), *trusted, *words]


def git(repo: Path, *words: str, env: dict[str, str] | None = None, check: bool = True) -> str:
    """What git prints.

    Raises:
        PipelineError: git refused.
    """
    done = subprocess.run(
        command(repo, *words),
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode:
        problem = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        what = f"`git {' '.join(words[:3])}` failed in {repo}: {problem}"
        raise PipelineError(what, "mend the repository; `git status` and `git fsck` tell more.")
    return done.stdout.strip()


def parts(repo: Path, *words: str, env: dict[str, str] | None = None) -> list[str]:
    """The entries that git prints with -z."""
    return [entry for entry in git(repo, *words, env=env).split("\0") if entry]


def top_of(repo: Path) -> Path:
    """The root of git's working tree, which may lie above that of DVC.

    Raises:
        PipelineError: the folder is in no git repository.
    """
    return Path(git(repo, "rev-parse", "--show-toplevel"))


def objects_of(repo: Path) -> Path:
    """Where a repository holds its objects: a worktree or submodule has them elsewhere."""
    return Path(git(repo, "rev-parse", "--path-format=absolute", "--git-path", "objects"))


def lent(objects: Path) -> list[Path]:
    """The folders of objects that others lend to this one, and those lent to them in turn."""
    file = objects / "info" / "alternates"
    lines = file.read_text().splitlines() if file.exists() else []
    found = [objects / line for line in lines if line and not line.startswith("#")]
    return list(dict.fromkeys([*found, *(more for place in found for more in lent(place))]))


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


def clone(top: Path, commit: str, folder: Path) -> dict[str, str]:
    """Clone without copying an object, at one commit, with what its submodules hold.

    Args:
        top: root of git's working tree.

    Returns:
        The paths of which the clone holds no more than the name: `lfs` or `submodule`, by path. A
        submodule that the repository does not hold stays empty, as in any clone.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    git(top, "clone", "--quiet", "--shared", "--no-checkout", str(top), str(folder))
    lent = folder / ".git/objects/info/alternates"
    if not lent.exists():  # git does not share a shallow repository, and the commit may be new
        lent.write_text(f"{objects_of(top)}\n")
    take_filters(top, folder)
    git(folder, "checkout", "--quiet", "--detach", commit)
    return hollow_modules(top, folder) | pointers(folder)


def hollow_modules(top: Path, folder: Path) -> dict[str, str]:
    """Fill submodules, and other repositories that a commit only points to; those left empty."""
    found: dict[str, str] = {}
    for path, held in modules(folder).items():
        inner = top / path
        if (inner / ".git").exists() and git(inner, "cat-file", "-t", held, check=False):
            found |= clone(inner, held, folder / path)
        else:
            found[str(folder / path)] = "submodule"
    return found


def modules(folder: Path, env: dict[str, str] | None = None) -> dict[str, str]:
    """The other repositories that git's index only points to, and their commits, by path."""
    listed = git(folder, "ls-files", "--stage", "-z", ":(top)", env=env).split("\0")
    entries = (entry.partition("\t") for entry in listed)
    return {path: about.split()[1] for about, _, path in entries if about.startswith(LINK)}


def take_filters(source: Path, folder: Path) -> None:
    """Let a clone read files as its source does: LFS and others are set up in a repository."""
    words = ("config", "--show-scope", "-z", "--get-regexp", r"^(filter|lfs)\.")
    held = git(source, *words, check=False).split("\0")
    pairs = zip(held[::2], (entry.partition("\n") for entry in held[1::2]), strict=False)
    for scope, (name, _, value) in pairs:
        if scope == "local":
            git(folder, "config", "--add", name, value)
        if name == "filter.lfs.smudge":
            place = git(source, "rev-parse", "--path-format=absolute", "--git-path", "lfs")
            git(folder, "config", "lfs.storage", place)


def pointers(folder: Path) -> dict[str, str]:
    """The files that LFS holds elsewhere: what is here only says where."""
    sign = b"version https://git-lfs.github.com/spec/"
    found = parts(folder, "ls-files", "-z", "--", ":(top,attr:filter=lfs)")
    return {str(folder / path): "lfs" for path in found if begins(folder / path, sign)}


def begins(path: Path, sign: bytes) -> bool:
    """Whether a file begins with some bytes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(sign)) == sign
