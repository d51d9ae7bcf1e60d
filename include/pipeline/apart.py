"""Workers that share no disk: data travels by the DVC remote, lock entries by the run.

The worker that opens a run puts its commit where the others fetch it. Each makes a workspace of
its own, takes over what the lock says of the stages before its own, pulls what it reads, and
pushes what it makes. The worker that closes the run has all entries, and no need of the data.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from include.errors import PipelineError
from include.pipeline import params_file
from include.pipeline.git import git
from include.pipeline.locks import locks, put
from include.pipeline.plan import Stage
from include.pipeline.workspace import Run, clean, configure, discard_old, marker_of, settle

OLD_H = 24 * 7  # after which a worker removes workspaces of runs that others closed
GOOD = "refs/leeway/good"  # of the git server: the newest good experiment


def offer(run: Run) -> None:
    """Put the commit of a run, which may be on no branch, where its workers can fetch it."""
    git(run.repo, "push", "--quiet", "--force", run.url, f"{run.commit}:{ref_of(run)}")


def withdraw(run: Run) -> None:
    """Take the commit of a run away again; nobody starts from it any more."""
    git(run.repo, "push", "--quiet", run.url, f":{ref_of(run)}", check=False)


def ref_of(run: Run) -> str:
    """The name under which the commit is offered."""
    return f"refs/leeway/runs/{clean(run.id)}"


def texts(folder: Path) -> dict[str, str]:
    """The locks of a workspace, by their paths."""
    return {str(path): (folder / path).read_text() for path in locks(folder)}


def here(run: Run, repo: Path, home: Path, entries: Mapping[str, str]) -> Run:
    """The run as this worker has it: in a workspace of its own, with what is known by now.

    Args:
        repo: this worker's clone of the repository, which need not hold the run's commit.
        home: folder of this worker's workspaces.
        entries: the lines of the lock of each stage that ended before.
    """
    folder = home.resolve() / "runs" / clean(run.id)
    found = replace(run, repo=repo.resolve(), folder=folder)
    held = marker_of(folder)
    if not held.exists() or begins(held.read_text()) != begins(found.to_json()):
        discard_old(home, OLD_H)
        aside = folder.with_name(f".{folder.name}.aside")
        shutil.rmtree(aside, ignore_errors=True)
        fetch(found, aside)
        configure(aside, repo)
        if run.params:
            params_file.write(aside / "params.yaml", run.params)
        for name, text in run.locks.items():
            (aside / name).write_text(text)
        settle(aside, found)
    put(folder, entries)
    return found


def begins(run: str) -> tuple[object, ...]:
    """What the workspace of a run is made of; another try of its opening may have found another."""
    held = json.loads(run)
    return held["commit"], held["params"], held["locks"]


def fetch(run: Run, folder: Path) -> None:
    """The commit of a run, and nothing of its history."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet")
    git(folder, "fetch", "--quiet", "--depth", "1", run.url, ref_of(run))
    git(folder, "checkout", "--quiet", "--detach", "FETCH_HEAD")


def newest_good(run: Run, folder: Path) -> None:
    """Start from the locks of the newest good run, whichever worker closed it."""
    if not git(run.repo, "ls-remote", run.url, GOOD):
        return
    git(folder, "fetch", "--quiet", run.url, GOOD)
    names = git(folder, "ls-tree", "-r", "-z", "--name-only", "FETCH_HEAD").split("\0")
    for name in (name for name in names if name.rsplit("/", 1)[-1] == "dvc.lock"):
        if (folder / name).with_name("dvc.yaml").exists():
            (folder / name).write_text(git(folder, "show", f"FETCH_HEAD:{name}") + "\n")


def learn(run: Run) -> None:
    """Let the repository of this worker have the commit of a run that another opened."""
    git(run.repo, "fetch", "--quiet", run.url, ref_of(run))


def publish(run: Run, ref: str) -> None:
    """Push an experiment to the git server, and make it the start of the next run.

    Raises:
        PipelineError: the server holds another experiment of this name.
    """
    git(run.repo, "push", "--quiet", run.url, f"{ref}:{ref}", check=False)
    ours = git(run.repo, "rev-parse", ref)
    if not git(run.repo, "ls-remote", run.url, ref).startswith(ours):
        what = f"{run.url} did not take the experiment {ref.rsplit('/', 1)[-1]}."
        raise PipelineError(what, "see that the worker may push to it, then clear this task.")
    git(run.repo, "push", "--quiet", "--force", run.url, f"{ref}:{GOOD}")


def see_that_all_travels(stages: Sequence[Stage]) -> None:
    """Refuse a graph whose outs cannot reach another worker.

    Raises:
        PipelineError: DVC does not cache one of them.
    """
    for stage in stages:
        for out in stage.outs:
            if not out.cached:
                what = f"Stage {stage.name!r} makes {out.path} with cache: false: it would "
                fix = "let DVC cache it, or let the workers share a disk."
                raise PipelineError(f"{what}not reach a worker that shares no disk.", fix)
