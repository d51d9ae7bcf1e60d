"""A run as a DVC experiment: a commit that `dvc exp show` lists."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from include.errors import PipelineError
from include.pipeline.git.command import git
from include.pipeline.git.refs import refs_in
from include.pipeline.git.trees import commit_of, copy_objects, is_same, tree_with
from include.pipeline.lockfile import lockfiles
from include.pipeline.past.record import Record, as_line
from include.pipeline.workspace import Run


def save(run: Run, name: str, paths: Sequence[str], record: Record) -> None:
    """Write the experiment, as `dvc exp run` does: a commit under a ref that DVC lists.

    It holds the lockfiles, the params, what the stages made that DVC does not cache, and all else
    that they changed of what git tracks; its message holds the record of the run. The ref is of the
    commit that the run began from: the snapshot's parent, if it is a snapshot, so that
    `dvc exp show` lists it beside the runs of that commit.
    """
    wanted = [*map(str, lockfiles(run.folder, run.order)), *paths]
    tree = tree_with(run.folder, run.top, run.commit, wanted)
    base = base_of(run)
    # The time of the base: the same run saved twice is the same commit.
    moment = git(run.repo, "show", "-s", "--format=%ct", base)
    dates = {f"GIT_{who}_DATE": f"{moment} +0000" for who in ("AUTHOR", "COMMITTER")}
    copy_objects(run.folder, run.repo, tree)
    message = f"dvc: commit experiment {digest(run, tree)}\n\n{as_line(record)}"
    # One that was closed, cleared, and found all done has cost what it cost the first time.
    if not is_same(run.repo, ref(base, name), tree, base):
        commit = commit_of(run.repo, tree, message, base, dates)
        git(run.repo, "update-ref", ref(base, name), commit)
    # A run that was begun anew from another commit is one experiment all the same.
    for old in refs_of(run.repo, name):
        if old != ref(base, name):
            git(run.repo, "update-ref", "-d", old)


def publish(run: Run, ref: str) -> None:
    """Push an experiment to the git server, in place of what the run had there before.

    Raises:
        PipelineError: the server holds another experiment of this name.
    """
    git(run.repo, "push", "--quiet", "--", run.url, f"{ref}:{ref}", check=False)
    tree, base, ours = git(run.repo, "rev-parse", f"{ref}^{{tree}}", f"{ref}^", ref).split()
    theirs = git(run.repo, "ls-remote", "--", run.url, ref).split("\t")[0]
    if theirs not in ("", ours):
        # It was closed before, cleared, and all was found done: by a worker that is another one.
        git(run.repo, "fetch", "--quiet", "--no-tags", "--", run.url, ref, check=False)
        if is_same(run.repo, theirs, tree, base):
            git(run.repo, "update-ref", ref, theirs)
            ours = theirs
    if theirs != ours:
        what = f"{run.url} did not take the experiment {ref.rsplit('/', 1)[-1]}."
        raise PipelineError(what, "see that the worker may push to it, then clear this task.")
    withdraw_older(run, ref)


def withdraw_older(run: Run, ref: str) -> None:
    """Remove the experiments of a run from the git server that it made from other commits.

    Others would fetch them, and have two experiments of one name. It is not worth a failed run: of
    two, history knows the newest.
    """
    there = refs_in(run.repo, run.url, f"refs/exps/*/*/{ref.rsplit('/', 1)[-1]}")
    if old := [f":{name}" for name in there if name != ref]:
        git(run.repo, "push", "--quiet", "--", run.url, *old, check=False)


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
