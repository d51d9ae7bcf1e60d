"""Open a run: its workspace at one commit, its parameters, and what has nothing to do."""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from include.errors import PipelineError
from include.pipeline import apart, files, params_file
from include.pipeline.git import pin
from include.pipeline.plan import load
from include.pipeline.reproduce import unchanged
from include.pipeline.selection import select
from include.pipeline.workspace import Run, clean, clone, marker_of, restore_locks, settle


def open_run(
    repo: Path,
    run_id: str,
    *,
    params: Mapping[str, object],
    targets: Sequence[str],
    plan_key: str | None,
    home: Path,
    url: str = "",
) -> Run:
    """Make the workspace of a run, or go on in the one that a try before this one left.

    Args:
        params: dotted names of params.yaml, as window.end, and their values.
        targets: stages to run, with what they need; all if empty.
        plan_key: key of the plan that the caller knows; None if it does not matter.
        home: folder of the workspaces.
        url: the git server between workers that share no disk; empty if they share one.

    Raises:
        PipelineError: the graph of the commit is not the one that the caller knows, or an out
            cannot reach a worker that shares no disk.
        ParamsError: params.yaml has no such name, or the value is of another kind.
    """
    folder = home.resolve() / "runs" / clean(run_id)
    held = marker_of(folder)
    if held.exists():
        return decided(see_that_same(Run.from_json(held.read_text()), run_id))
    commit, snapshot = pin(repo, f"Working tree of run {run_id}")
    aside = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    clone(repo, commit, aside)
    plan = load(aside, repo.resolve() / ".dvc" / "tmp" / "leeway")
    if plan_key is not None and plan.key != plan_key:
        shutil.rmtree(aside)
        raise PipelineError(
            f"The graph of commit {commit[:10]} is not the one that this run was drawn from.",
            "wait until the graph is read again (some seconds), then trigger a new run.",
        )
    chosen = select(plan, targets)
    if params:
        params_file.write(aside / "params.yaml", params)
    restore_locks(home, repo, aside)
    run = Run(
        id=run_id,
        repo=repo.resolve(),
        folder=folder,
        commit=commit,
        snapshot=snapshot,
        plan_key=plan.key,
        stages=tuple(stage.name for stage in chosen),
        unchanged=(),
        order=tuple(stage.name for stage in plan.stages),
        params=dict(params),
        url=url,
    )
    if url:
        apart.see_that_all_travels(chosen)
        apart.newest_good(run, aside)
        apart.offer(run)
        run = replace(run, locks=apart.texts(aside))
    settle(aside, run)
    return decided(run)


def see_that_same(run: Run, run_id: str) -> Run:
    """The run of a workspace that is there already.

    Raises:
        PipelineError: it is another one, whose id is the same in the letters of a folder.
    """
    if run.id != run_id:
        what = f"The workspace {run.folder} is that of the run {run.id}, which has not ended."
        raise PipelineError(what, f"give this run an id that differs by more than {run_id!r} does.")
    return run


def decided(run: Run) -> Run:
    """The run, with the stages that have nothing to do. DVC decides, once for all of them."""
    found = replace(run, unchanged=unchanged(run))
    files.write(marker_of(run.folder), found.to_json())
    return found
