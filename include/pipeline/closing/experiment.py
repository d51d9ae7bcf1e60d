"""A run as a DVC experiment: a commit that `dvc exp show` lists."""

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

from include.pipeline.git.cloning import modules
from include.pipeline.git.command import AUTHOR, git
from include.pipeline.git_objects import copy_objects
from include.pipeline.lockfile import lockfiles
from include.pipeline.workspace import Run


def save(run: Run, name: str, paths: Sequence[str]) -> None:
    """Write the experiment, as `dvc exp run` does: a commit under a ref that DVC lists.

    It holds the locks, the params, what the stages made that DVC does not cache, and all else
    that they changed of what git tracks. The ref is of the commit that the run began from: the
    snapshot's parent, if it is a snapshot, so that `dvc exp show` lists it beside the runs of that
    commit.
    """
    with tempfile.TemporaryDirectory() as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder) / "index"), **AUTHOR}
        git(run.folder, "read-tree", run.commit, env=env)
        # Git would ask each of them what changed, and so do what its settings say, a step's maybe.
        others = [f":(top,exclude,literal){path}" for path in modules(run.top, env)]
        git(run.folder, "add", "--update", "--", ":(top)", *others, env=env)
        wanted = [*map(str, lockfiles(run.folder, run.order)), *paths]
        present = [f":(literal){path}" for path in wanted if (run.folder / path).exists()]
        if present:
            git(run.folder, "add", "--force", "--", *present, *others, env=env)
        tree = git(run.folder, "write-tree", env=env)
    base = base_of(run)
    # The time of the base: the same run saved twice is the same commit.
    moment = git(run.repo, "show", "-s", "--format=%ct", base)
    dates = {f"GIT_{who}_DATE": f"{moment} +0000" for who in ("AUTHOR", "COMMITTER")}
    copy_objects(run.folder, run.repo, tree)
    message = f"dvc: commit experiment {digest(run, tree)}"
    env = {**AUTHOR, **dates}
    commit = git(run.repo, "commit-tree", tree, "-p", base, "-m", message, env=env)
    git(run.repo, "update-ref", ref(base, name), commit)
    # A run that was begun anew from another commit is one experiment all the same.
    for old in refs_of(run.repo, name):
        if old != ref(base, name):
            git(run.repo, "update-ref", "-d", old)


def digest(run: Run, tree: str) -> str:
    """A short hash of what the run made."""
    return hashlib.sha256(f"{run.id} {tree}".encode()).hexdigest()[:12]


def base_of(run: Run) -> str:
    """The commit whose experiment this is."""
    return git(run.repo, "rev-parse", f"{run.commit}^") if run.snapshot else run.commit


def ref(base: str, name: str) -> str:
    """Where DVC looks for the experiments of a commit."""
    return f"refs/exps/{base[:2]}/{base[2:]}/{name}"


def refs_of(repo: Path, name: str) -> list[str]:
    """The experiments with this name: one, or none."""
    return git(repo, "for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{name}").splitlines()
