"""Workers that share no disk: data travels by the DVC remote, entries of lockfiles by the run.

The worker that opens a run puts its commit where the others fetch it. Each makes a workspace of
its own, takes over what the lockfile says of the stages before its own, pulls what it reads, and
pushes what it makes. The worker that closes the run has all entries, and no need of the data.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from include.errors import PipelineError
from include.pipeline import memory, params_file
from include.pipeline.child import files
from include.pipeline.cost_of_run import put_cost, read_cost
from include.pipeline.git.cloning import clone
from include.pipeline.git.command import git, top_of
from include.pipeline.git.trees import commit_of, tree_of
from include.pipeline.graph import Stage
from include.pipeline.lockfile import entries_in, lines_of, lockfiles, put
from include.pipeline.lockfile import place_of as place_of_stage
from include.pipeline.orders import Configure
from include.pipeline.plan import load
from include.pipeline.reproduce import asked
from include.pipeline.workspace import (
    Run,
    anchor,
    began_of,
    discard_old,
    made_of,
    marker_of,
    own,
    place_of,
    read_made,
    ref_of,
    run_of,
    settle,
)

OLD_H = 24 * 7  # after which a worker removes workspaces of runs that others closed
GOOD = "refs/leeway/good"  # of the git server: what good runs made
TRIES = 5  # of writing to it: another run may write at the same time
RUN = "run.json"  # what the opener says of a run, in a commit on top of the run's own


@dataclass(frozen=True)
class Place:
    """Where a worker finds a run: by its own settings, and by nothing that a task is told."""

    url: str  # the git server
    repo: Path  # this worker's clone of the repository, which need not hold the run's commit
    home: Path  # folder of this worker's workspaces
    dag_id: str
    run_id: str

    @property
    def ref(self) -> str:
        """The name under which the git server holds the run."""
        return ref_of(self.dag_id, self.run_id)

    @property
    def top(self) -> Path:
        """The root of this worker's workspace of the run."""
        return place_of(self.home, self.dag_id, self.run_id)


def offer(run: Run) -> None:
    """Put a run where its workers can fetch it: its commit, and what the opener knows of it."""
    file = own(run.top) / "offer"
    files.write(file, replace(run, url="").to_json())  # which may hold a login
    blob = git(run.repo, "hash-object", "-w", str(file))
    with tree_of(run.repo, file.parent) as env:
        git(file.parent, "update-index", "--add", "--cacheinfo", f"100644,{blob},{RUN}", env=env)
        tree = git(file.parent, "write-tree", env=env)
    file.unlink()
    commit = commit_of(run.repo, tree, run.name, run.commit)
    git(run.repo, "push", "--quiet", "--force", "--", run.url, f"{commit}:{run.ref}")
    files.write(held_by(run.top), commit)


def withdraw(run: Run) -> None:
    """Take the commit of a run away again; nobody starts from it any more."""
    git(run.repo, "push", "--quiet", "--", run.url, f":{run.ref}", check=False)


def held_by(top: Path) -> Path:
    """The file that says which offer a workspace was made from."""
    return own(top) / "offered"


def texts(run: Run) -> dict[str, str]:
    """The lockfiles of a workspace, by their paths."""
    found = lockfiles(run.folder, run.order)
    return {str(path): (run.folder / path).read_text() for path in found}


def here(
    place: Place,
    made: Mapping[str, Mapping[str, Any]],
    live: Callable[[Run], bool] = lambda run: True,
) -> Run:
    """The run as this worker has it: in a workspace of its own, with what is known by now.

    Args:
        made: of each stage that ended before, what it was made from, and the lines of its lockfile.
        live: whether another run may still go on; its workspace is kept.

    Raises:
        PipelineError: the git server holds no such run, or what is told of a stage is none of it.
    """
    offered = git(place.repo, "ls-remote", "--", place.url, place.ref).split("\t")[0]
    if not offered:
        what = f"{place.url} holds no run {place.run_id}: it was never opened, or is closed."
        raise PipelineError(what, "clear open_run, with all that comes after it.")
    kept = held_by(place.top)
    if kept.exists() and kept.read_text() == offered:
        run = run_of(place.top) or made_here(place, offered)
    else:
        discard_old(place.home, OLD_H, live)
        run = made_here(place, offered)
    put(run.folder, {stage: see_that_of(stage, told["lines"]) for stage, told in made.items()})
    for stage, told in made.items():
        files.write(made_of(run, stage), json.dumps(told["made"]))
        if isinstance(cost := told.get("cost"), dict):  # a worker of an older version tells none
            put_cost(run, stage, cost)
    return run


def made_here(place: Place, offered: str) -> Run:
    """A workspace of a run, made anew from what its opener offered."""
    git(place.repo, "fetch", "--quiet", "--no-tags", "--", place.url, place.ref)
    told = run_in(git(place.repo, "show", f"{offered}:{RUN}"), place)
    found = replace(told, repo=place.repo.resolve(), folder=place.top / told.below, url=place.url)
    aside = place.top.with_name(f".{place.top.name}.aside")
    shutil.rmtree(aside, ignore_errors=True)
    clone(top_of(place.repo), git(place.repo, "rev-parse", f"{offered}^"), aside)
    if found.params:
        known = load(aside / found.below).values
        params_file.write(aside / found.below, found.params, known, found.whole)
    for name, text in found.lockfiles.items():
        (aside / found.below / name).write_text(text)
    anchor(found)
    settle(aside, found)
    settings = asked(found, Configure(str(found.repo), str(began_of(found.top))))
    found = replace(found, cache=settings.cache, remote=settings.remote)
    files.write(marker_of(place.top), found.to_json())
    files.write(held_by(place.top), offered)
    return found


def run_in(text: str, place: Place) -> Run:
    """The run that its opener offered.

    Raises:
        PipelineError: the opener is of another version.
    """
    try:
        return Run.from_json(text)
    except (ValueError, KeyError, TypeError):
        what = f"The run {place.run_id} was opened by another version of Leeway."
        raise PipelineError(
            what, "update all workers, then clear open_run and what follows."
        ) from None


def told(run: Run, stage: str) -> dict[str, Any]:
    """What other workers need to know of a stage that ended here."""
    cost = read_cost(run, stage).to_json()
    return {"made": read_made(run, stage), "lines": lines_of(run.folder, stage), "cost": cost}


def see_that_of(stage: str, lines: str) -> str:
    """The lines of a lockfile, if they are those of one stage.

    Raises:
        PipelineError: they are not.
    """
    if not lines or list(entries_in(lines)) == [place_of_stage(stage)[1]]:
        return lines
    what = f"What was told of stage {stage!r} is no entry of a lockfile."
    raise PipelineError(what, "clear the task of the stage, and all that comes after it.")


def learn_memory(run: Run, folder: Path) -> None:
    """Bring what good runs made, whichever worker closed them, into the memory of this one."""
    if not git(run.repo, "ls-remote", "--", run.url, GOOD):
        return
    git(run.repo, "fetch", "--quiet", "--", run.url, f"+{GOOD}:{GOOD}")
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
        commit = commit_of(run.repo, tree, "What good runs made")
        lease = f"--force-with-lease={GOOD}:{before}"
        git(run.repo, "push", "--quiet", lease, "--", run.url, f"{commit}:{GOOD}", check=False)
        if git(run.repo, "ls-remote", "--", run.url, GOOD).startswith(commit):
            git(run.repo, "update-ref", GOOD, commit)
            return
    what = f"{run.url} did not take what run {run.id} made."
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
