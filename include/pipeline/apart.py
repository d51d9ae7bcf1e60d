"""Workers that share no disk: data travels by the DVC remote, lock entries by the run.

The worker that opens a run puts its commit where the others fetch it. Each makes a workspace of
its own, takes over what the lock says of the stages before its own, pulls what it reads, and
pushes what it makes. The worker that closes the run has all entries, and no need of the data.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from include.errors import PipelineError
from include.pipeline import files, memory, params_file
from include.pipeline.git import AUTHOR, git
from include.pipeline.locks import lines_of, locks, put
from include.pipeline.plan import Stage, load
from include.pipeline.reproduce import order
from include.pipeline.workspace import (
    Run,
    discard_old,
    made_of,
    marker_of,
    place_of,
    read_made,
    ref_of,
    settle,
)

OLD_H = 24 * 7  # after which a worker removes workspaces of runs that others closed
GOOD = "refs/leeway/good"  # of the git server: what good runs made
TRIES = 5  # of writing to it: another run may write at the same time


def offer(run: Run) -> None:
    """Put the commit of a run, which may be on no branch, where its workers can fetch it."""
    git(run.repo, "push", "--quiet", "--force", run.url, f"{run.commit}:{ref_of(run)}")


def withdraw(run: Run) -> None:
    """Take the commit of a run away again; nobody starts from it any more."""
    git(run.repo, "push", "--quiet", run.url, f":{ref_of(run)}", check=False)


def texts(run: Run) -> dict[str, str]:
    """The locks of a workspace, by their paths."""
    found = locks(run.folder, run.order)
    return {str(path): (run.folder / path).read_text() for path in found}


def here(
    run: Run,
    repo: Path,
    home: Path,
    made: Mapping[str, Mapping[str, Any]],
    live: Callable[[Run], bool] = lambda run: True,
) -> Run:
    """The run as this worker has it: in a workspace of its own, with what is known by now.

    Args:
        repo: this worker's clone of the repository, which need not hold the run's commit.
        home: folder of this worker's workspaces.
        made: of each stage that ended before, what it was made from, and the lines of its lock.
        live: whether another run may still go on; its workspace is kept.
    """
    top = place_of(home, run.dag_id, run.id)
    found = replace(run, repo=repo.resolve(), folder=top / run.below)
    held = marker_of(top)
    if not held.exists() or begins(held.read_text()) != begins(run.to_json()):
        discard_old(home, OLD_H, live)
        aside = top.with_name(f".{top.name}.aside")
        shutil.rmtree(aside, ignore_errors=True)
        fetch(found, aside)
        if run.params:
            known = load(aside / run.below).values
            params_file.write(aside / run.below, run.params, known, run.whole)
        for name, text in run.locks.items():
            (aside / run.below / name).write_text(text)
        settle(aside, found)
        settings = order(found, {"do": "configure", "repo": str(found.repo)})
        found = replace(found, cache=settings["cache"], remote=settings["remote"])
        files.write(held, found.to_json())
    else:
        kept = Run.from_json(held.read_text())
        found = replace(found, cache=kept.cache, remote=kept.remote)
    put(found.folder, {stage: told["lines"] for stage, told in made.items()})
    for stage, told in made.items():
        files.write(made_of(found, stage), json.dumps(told["made"]))
    return found


def told(run: Run, stage: str) -> dict[str, Any]:
    """What other workers need to know of a stage that ended here."""
    return {"made": read_made(run, stage), "lines": lines_of(run.folder, stage)}


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


def learn_memory(run: Run, folder: Path) -> None:
    """Bring what good runs made, whichever worker closed them, into the memory of this one."""
    if not git(run.repo, "ls-remote", run.url, GOOD):
        return
    git(run.repo, "fetch", "--quiet", run.url, f"+{GOOD}:{GOOD}")
    folder.mkdir(parents=True, exist_ok=True)
    with tree_of(run.repo, folder) as env:
        git(folder, "read-tree", GOOD, env=env)
        git(folder, "checkout-index", "--all", "--force", "--quiet", env=env)


def share_memory(run: Run, folder: Path) -> None:
    """Let other workers have what this one remembers, beside what others wrote meanwhile.

    Raises:
        PipelineError: the server takes nothing.
    """
    for _ in range(TRIES):
        learn_memory(run, folder)
        memory.prune(folder)
        before = git(run.repo, "rev-parse", "--verify", "--quiet", GOOD, check=False)
        with tree_of(run.repo, folder) as env:
            git(folder, "add", "--all", "--force", ".", env=env)
            tree = git(folder, "write-tree", env=env)
        commit = git(run.repo, "commit-tree", tree, "-m", "What good runs made", env=AUTHOR)
        lease = f"--force-with-lease={GOOD}:{before}"
        git(run.repo, "push", "--quiet", lease, run.url, f"{commit}:{GOOD}", check=False)
        if git(run.repo, "ls-remote", run.url, GOOD).startswith(commit):
            git(run.repo, "update-ref", GOOD, commit)
            return
    what = f"{run.url} did not take what run {run.id} made."
    raise PipelineError(what, "see that the worker may push to it, then clear this task.")


@contextmanager
def tree_of(repo: Path, folder: Path) -> Iterator[dict[str, str]]:
    """Let git take a folder for the files of a repository, with an index of its own."""
    place = git(repo, "rev-parse", "--absolute-git-dir")
    with tempfile.TemporaryDirectory() as work:
        index = str(Path(work) / "index")
        yield {"GIT_DIR": place, "GIT_WORK_TREE": str(folder), "GIT_INDEX_FILE": index}


def learn(run: Run) -> None:
    """Let the repository of this worker have the commit of a run that another opened."""
    git(run.repo, "fetch", "--quiet", run.url, ref_of(run))


def publish(run: Run, ref: str) -> None:
    """Push an experiment to the git server.

    Raises:
        PipelineError: the server holds another experiment of this name.
    """
    git(run.repo, "push", "--quiet", run.url, f"{ref}:{ref}", check=False)
    ours = git(run.repo, "rev-parse", ref)
    if not git(run.repo, "ls-remote", run.url, ref).startswith(ours):
        what = f"{run.url} did not take the experiment {ref.rsplit('/', 1)[-1]}."
        raise PipelineError(what, "see that the worker may push to it, then clear this task.")


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
