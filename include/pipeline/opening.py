"""Open a run: its workspace at one commit, its parameters, and what has nothing to do."""

import json
import os
import shutil
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from include.errors import PipelineError, PlatformError, at_most_ten
from include.pipeline import apart, files, params_file
from include.pipeline.git import clone, git, pin, top_of
from include.pipeline.plan import Plan, Stage, load, plan_of
from include.pipeline.reproduce import order
from include.pipeline.selection import needed
from include.pipeline.untracked import SECRET, UNASKED, Chosen, choose, within
from include.pipeline.values import given_to
from include.pipeline.workspace import (
    Run,
    anchor,
    began_of,
    contained,
    discard,
    good_of,
    marker_of,
    own,
    place_of,
    read_made,
    settle,
)

Drawn = Mapping[str, Collection[str]]  # a stage, and those that it waits for, directly or not


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
    drawn: Drawn | None = None,
    whole: Collection[str] = (),
    held: Collection[str] | None = None,
    push_untracked: bool = False,
) -> Run:
    """Make the workspace of a run, or go on in the one that a try before this one left.

    Args:
        params: names of values, as window.end or FILE:name, and the values.
        targets, upstream, downstream: the stages to run, as for `select`.
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
    if marker_of(top).exists():
        run = see_that_same(Run.from_json(marker_of(top).read_text()), dag_id, run_id)
        return decided(run, home, selection, drawn)
    source = top_of(repo)
    below = repo.resolve().relative_to(source).as_posix().removeprefix(".")
    chosen = Chosen((), {})

    def choose_new(found: list[str], staged: list[str]) -> Sequence[str]:
        nonlocal chosen
        travels = bool(url) and not push_untracked
        chosen = choose(source, below, load(repo), found, staged, travels=travels)
        return chosen.taken

    commit, snapshot = pin(repo, f"Working tree of run {run_id}", choose_new)
    aside = top.with_name(f".{top.name}.{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        hollow = clone(source, commit, aside)
        plan = load(aside / below, repo.resolve() / ".dvc" / "tmp" / "leeway")
        see_that_drawn(plan, plan_key, commit)
        params_file.write(aside / below, params, plan.values, whole)
        if held is not None:
            text = json.dumps(given_to(params, plan, held), default=str)
            files.write(given_file(aside), text)
    except PlatformError:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    run = Run(
        id=run_id,
        repo=repo.resolve(),
        folder=top / below,
        commit=commit,
        snapshot=snapshot,
        plan_key=plan.key,
        stages=(),
        unchanged=(),
        order=tuple(stage.name for stage in plan.stages),
        params=dict(params),
        url=url,
        dag_id=dag_id,
        below=below,
        opened=time.time(),
        hollow={str(top / Path(path).relative_to(aside)): why for path, why in hollow.items()},
        whole=tuple(whole),
        taken=chosen.taken if snapshot else (),
        left=chosen.left,
    )
    anchor(run)
    settle(aside, run)
    try:
        return decided(run, home, selection, drawn)
    except PlatformError:
        discard(run)
        raise


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


def see_that_drawn(plan: Plan, plan_key: str | None, commit: str) -> None:
    """Raise PipelineError if the graph of a commit is another than the caller knows."""
    if plan_key is not None and plan.key != plan_key:
        raise PipelineError(
            f"The graph of commit {commit[:10]} is not the one that this run was drawn from.",
            "wait until the graph is read again (some seconds), then trigger a new run.",
        )


def decided(run: Run, home: Path, selection: Mapping[str, object], drawn: Drawn | None) -> Run:
    """The run, with its stages, and those that have nothing to do. DVC decides, once for all.

    Raises:
        PipelineError: see `open_run`.
    """
    memory = good_of(home, run.repo)
    if run.url:
        apart.learn_memory(run, memory)
    task = {"do": "open", "repo": str(run.repo), "apart": bool(run.url), "memory": str(memory)}
    task |= {"own": str(own(run.top)), "began": str(began_of(run.top))}
    task["given"] = str(given_file(run.top))
    task["values"] = bool(run.params)
    task["contained"] = contained(run).exists()
    task["made"] = {stage: held for stage in run.stages if (held := read_made(run, stage))}
    found = order(run, {**task, **selection, "hollow": run.hollow})
    plan = plan_of(found["graph"])
    left = left_out(run, plan.stages, found["chosen"])
    there = {(stage, path) for stage, path, _ in left}
    missing = [*left, *(one for one in found["missing"] if (one[0], one[1]) not in there)]
    if missing:
        raise cannot_be_had(run, missing)
    chosen = [plan.stage(name) for name in found["chosen"]]
    see_that_runnable(chosen, drawn)
    run = replace(
        run,
        stages=tuple(found["chosen"]),
        unchanged=tuple(found["unchanged"]),
        order=tuple(stage.name for stage in plan.stages),
        cache=found["cache"],
        remote=found["remote"],
        kept=tuple(found["files"]),
    )
    if run.url:
        apart.see_that_all_travels(chosen)
        run = replace(run, locks=apart.texts(run))
    files.write(marker_of(run.top), run.to_json())
    if run.url:
        apart.offer(run)
    return run


def see_that_runnable(stages: Sequence[Stage], drawn: Drawn | None) -> None:
    """Refuse a graph that the values of a run changed into one that the caller cannot run.

    A stage less is no harm: the caller has a task that has nothing to do.

    Raises:
        PipelineError: it has stages, or needs an order, that the caller does not know.
    """
    if drawn is None:
        return
    fix = "commit these values, wait until the graph is read again, and trigger a new run without "
    fix += "them; or trigger one with other values."
    more = [stage.name for stage in stages if stage.name not in drawn]
    if more:
        what = f"The values of this run add stages that the DAG does not have: {at_most_ten(more)}."
        raise PipelineError(what, fix)
    names = {stage.name for stage in stages}
    for stage in stages:
        late = names & {*needed(stage)} - {*drawn[stage.name]}
        if late:
            what = f"With the values of this run stage {stage.name!r} needs "
            what += f"{at_most_ten(sorted(late))}, which the DAG does not run before it."
            raise PipelineError(what, fix)


def left_out(
    run: Run, stages: Sequence[Stage], chosen: Collection[str]
) -> list[tuple[str, str, str]]:
    """The deps that a snapshot lacks, as a whole or in part: stage, path, and why."""
    found = []
    for stage in (stage for stage in stages if stage.name in chosen):
        for path, why in run.left.items():
            seen = os.path.relpath(run.top / path, run.folder)
            if within(seen, stage.deps) or within(str(run.top / path), stage.deps):
                found.append((stage.name, seen, "secret" if why == SECRET else "unasked"))
    return found


WHY = {
    "absent": (
        "no commit holds it and no stage makes it",
        "commit it, `dvc add` it, or let a stage make it, for what only lies beside a commit is in "
        "no run",
    ),
    "link": ("what it is a link to is in no run", "commit a file in its place"),
    "ignored": (
        "git ignores it, in a folder that a stage reads",
        "commit it, `dvc add` it, or name it in .dvcignore if no step reads it",
    ),
    "edited": ("the working tree has another", "`dvc add` it or `dvc checkout` it"),
    "secret": (SECRET, "commit it, give it another name, or take it out of the deps"),
    "unasked": (
        UNASKED,
        "commit it, or set AIRFLOW__LEEWAY__PUSH_UNTRACKED to True",
    ),
    "unmade": (
        "its stage is frozen, and no lock says what it made",
        "`dvc unfreeze` it, or make it once and commit dvc.lock",
    ),
    "lost": ("neither the cache nor a remote has it", "`dvc push` it from where it is"),
    "lfs": ("it is a pointer of LFS", "run `git lfs install` and `git lfs pull` in the repository"),
    "submodule": (
        "its submodule is empty",
        "run `git submodule update --init --recursive` in the repository",
    ),
}


def cannot_be_had(run: Run, missing: Sequence[tuple[str, str, str]]) -> PipelineError:
    """What stages need and a run cannot have, and the way out for each kind."""
    shown = at_most_ten(f"{path} (stage {s!r}: {reason(run, path, w)})" for s, path, w in missing)
    fixes = [WHY[why][1] for why in dict.fromkeys(why for _, _, why in missing)]
    return PipelineError(
        f"What stages need cannot be had in a run: {shown}.",
        "; ".join(fixes) + "; then trigger a new run.",
    )


def reason(run: Run, path: str, why: str) -> str:
    """Why a path cannot be had."""
    if why != "absent":
        return WHY[why][0]
    if Path(path).is_absolute():
        return "it is not on this machine"
    if path.startswith(".."):
        return "it lies outside of the repository"
    if git(run.repo, "check-ignore", "--", path, check=False):
        return "git ignores it"
    return WHY[why][0]
