"""Open a run: its workspace at one commit, its parameters, and what has nothing to do."""

import json
import os
import shutil
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from include.errors import PipelineError, PlatformError
from include.pipeline import apart, params_file
from include.pipeline.child import files
from include.pipeline.cost_of_run import charging
from include.pipeline.git.cloning import clone
from include.pipeline.git.command import top_of
from include.pipeline.git.conflicts import blaming_merges
from include.pipeline.git.snapshot import UNSEEN, pin, unseen
from include.pipeline.graph import OPEN
from include.pipeline.opening.refusals import (
    Drawn,
    cannot_be_had,
    left_out,
    see_that_drawn,
    see_that_runnable,
)
from include.pipeline.opening.untracked import Chosen, choose
from include.pipeline.orders import Open, Opened
from include.pipeline.plan import load, plan_of
from include.pipeline.reproduce import asked
from include.pipeline.values import given_to
from include.pipeline.workspace import (
    Run,
    anchor,
    began_of,
    contained,
    discard,
    good_of,
    keep_from_git,
    marker_of,
    own,
    place_of,
    read_made,
    run_of,
    settle,
)


def open_run(
    repo: Path,
    run_id: str,
    *,
    params: Mapping[str, object],
    targets: Sequence[str],
    plan_key: str | None,
    home: Path,
    url: str = "",
    dag_id: str = "",
    upstream: bool = True,
    downstream: bool = False,
    without: Sequence[str] = (),
    drawn: Drawn | None = None,
    whole: Collection[str] = (),
    held: Collection[str] | None = None,
    push_untracked: bool = False,
) -> Run:
    """Make the workspace of a run, or go on in the one that a try before this one left.

    Args:
        params: names of values, as window.end or FILE:name, and the values.
        targets, upstream, downstream, without: the stages to run, as for `select`.
        plan_key: key of the plan that the caller knows; None if it does not matter.
        home: folder of the workspaces.
        url: the git server between workers that share no disk; empty if they share one.
        drawn: the stages that the caller can run, and what each waits for; None for any.
        whole: names in `params` whose mapping is set as it is.
        held: names in `params` whose texts are held to something; None if their giver may run
            whatever they want.
        push_untracked: whether files that nobody committed may go to the git server.

    Raises:
        PipelineError: the graph of the commit, or with these values, is not one that the caller can
            run; a stage needs what a clone of the commit does not hold and no stage makes; or an
            out cannot reach a worker that shares no disk.
        ParamsError: there is no such value, it is of another kind, or it reaches a command or a
            path that it must not.
    """
    top = place_of(home, dag_id, run_id)
    selection = {"targets": list(targets), "upstream": upstream, "downstream": downstream}
    selection["without"] = list(without)
    with charging(OPEN) as charged:
        if (found := run_of(top)) is not None:  # one of another version is begun anew
            charged.append(decided(see_that_same(found, dag_id, run_id), home, selection, drawn))
            return charged[0]
        keep_from_git(home)
        run = Run(run_id, repo.resolve(), top, url=url, dag_id=dag_id, opened=time.time())
        run = replace(run, params=dict(params), whole=tuple(whole))
        run = cloned(run, plan_key, held, travels=bool(url) and not push_untracked)
        try:
            charged.append(decided(run, home, selection, drawn))
        except PlatformError:
            discard(run)
            raise
        return charged[0]


def cloned(run: Run, plan_key: str | None, held: Collection[str] | None, *, travels: bool) -> Run:
    """A run with its workspace: at the commit of its repository, with its values in it.

    Args:
        run: what is known of it; its folder is the root of the workspace.
        travels: whether new files would leave this machine, which nobody allowed.
    """
    top, source = run.folder, top_of(run.repo)
    below = below_of(run.repo)
    commit, snapshot, chosen = pinned(run.repo, run.id, travels=travels)
    left = {**chosen.left, **dict.fromkeys(unseen(run.repo), UNSEEN)}
    aside = top.with_name(f".{top.name}.{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        hollow = clone(source, commit, aside)
        plan = load(aside / below, run.repo / ".dvc" / "tmp" / "leeway")
        see_that_drawn(plan, plan_key, run.repo, commit, left)
        params_file.write(aside / below, run.params, plan.values, run.whole)
        if held is not None:
            text = json.dumps(given_to(run.params, plan, held), default=str)
            files.write(given_file(aside), text)
    except PlatformError:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    run = replace(
        run,
        folder=top / below,
        below=below,
        commit=commit,
        snapshot=snapshot,
        plan_key=plan.key,
        order=tuple(stage.name for stage in plan.stages),
        hollow={str(top / Path(path).relative_to(aside)): why for path, why in hollow.items()},
        taken=chosen.taken if snapshot else (),
        left=left,
    )
    anchor(run)
    settle(aside, run)
    return run


def below_of(repo: Path) -> str:
    """Where git's working tree holds a DVC repository; empty at its root."""
    return repo.relative_to(top_of(repo)).as_posix().removeprefix(".")


def pinned(repo: Path, run_id: str, *, travels: bool) -> tuple[str, bool, Chosen]:
    """The commit of a run that begins now, whether it is a snapshot, and the new files of that."""
    chosen = Chosen((), {})

    def choose_new(found: list[str], staged: list[str]) -> Sequence[str]:
        nonlocal chosen
        place, plan = (top_of(repo), below_of(repo)), load(repo)
        chosen = choose(*place, plan, found, staged, travels=travels)
        return chosen.taken

    return *pin(repo, f"Working tree of run {run_id}", choose_new), chosen


def given_file(top: Path) -> Path:
    """The file that says which values a run was given, by somebody who may not run anything."""
    return own(top) / "given.json"


def see_that_same(run: Run, dag_id: str, run_id: str) -> Run:
    """The run of a workspace that is there already.

    Raises:
        PipelineError: it is another one.
    """
    if (run.dag_id, run.id) != (dag_id, run_id):
        what = f"The workspace {run.folder} is that of the run {run.id}, which has not ended."
        raise PipelineError(what, f"give this run another id than {run_id!r}.")
    return run


def decided(run: Run, home: Path, selection: Mapping[str, Any], drawn: Drawn | None) -> Run:
    """The run, with its stages, and those that have nothing to do. DVC decides, once for all.

    Raises:
        PipelineError: see `open_run`.
    """
    memory = good_of(home, run.repo)
    if run.url:
        apart.learn_memory(run, memory)
    wanted = Open(
        repo=str(run.repo),
        apart=bool(run.url),
        memory=str(memory),
        own=str(own(run.top)),
        began=str(began_of(run.top)),
        given=str(given_file(run.top)),
        values=bool(run.params),
        contained=contained(run).exists(),
        made={stage: held for stage in run.stages if (held := read_made(run, stage))},
        hollow=run.hollow,
        **selection,
    )
    with blaming_merges(run.folder):
        found = asked(run, wanted)
    return settled(run, found, drawn)


def settled(run: Run, found: Opened, drawn: Drawn | None) -> Run:
    """The run, as DVC found it to be, written down for its tasks.

    Raises:
        PipelineError: see `open_run`.
    """
    plan = plan_of(found.graph)
    left = left_out(run, plan.stages, found.chosen)
    there = {(stage, path) for stage, path, _ in left}
    missing = [*left, *(one for one in found.missing if (one[0], one[1]) not in there)]
    if missing:
        raise cannot_be_had(run, missing)
    chosen = [plan.stage(name) for name in found.chosen]
    see_that_runnable(chosen, drawn)
    run = replace(
        run,
        stages=tuple(found.chosen),
        unchanged=tuple(found.unchanged),
        order=tuple(stage.name for stage in plan.stages),
        cache=found.settings.cache,
        remote=found.settings.remote,
        kept=tuple(found.files),
        told=asdict(found.told),
    )
    if run.url:
        apart.see_that_all_travels(chosen)
        run = replace(run, lockfiles=apart.texts(run))
    files.write(marker_of(run.top), run.to_json())
    if run.url:
        apart.offer(run)
    return run
