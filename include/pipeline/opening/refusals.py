"""Why a run is not opened: what its stages need and cannot have, and graphs that are not drawn."""

import os
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

from include.errors import PipelineError, at_most_ten
from include.pipeline.git.command import top_of
from include.pipeline.git.listing import ignored_of
from include.pipeline.git.snapshot import UNSEEN
from include.pipeline.graph import Plan, Stage
from include.pipeline.opening.untracked import SECRET, UNASKED, within
from include.pipeline.plan import MADE_FROM, load
from include.pipeline.selection import needed
from include.pipeline.workspace import Run

Drawn = Mapping[str, Collection[str]]  # a stage, and those that it waits for, directly or not


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
        unmet = names & {*needed(stage)} - {*drawn[stage.name]}
        if unmet:
            what = f"With the values of this run stage {stage.name!r} needs "
            what += f"{at_most_ten(sorted(unmet))}, which the DAG does not run before it."
            raise PipelineError(what, fix)


def left_out(
    run: Run, stages: Sequence[Stage], chosen: Collection[str]
) -> list[tuple[str, str, str]]:
    """The deps that a snapshot lacks, as a whole or in part: stage, path, and why."""
    found = []
    for stage in (stage for stage in stages if stage.name in chosen):
        for path, why in run.left.items():
            seen = os.path.relpath(run.top / path, run.folder)
            if why == UNSEEN:  # the commit has one
                continue
            if within(seen, stage.deps) or within(str(run.top / path), stage.deps):
                found.append((stage.name, seen, kind_of(why)))
    return found


def kind_of(why: str) -> str:
    """The kind of a reason for which a snapshot lacks something."""
    return next(kind for kind, (said, _) in WHY.items() if said == why)


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
        "its stage is frozen, and no lockfile says what it made",
        "`dvc unfreeze` it, or make it once and commit dvc.lock",
    ),
    "unseen": (
        UNSEEN,
        "let git see it (`git update-index --no-skip-worktree`, and `--no-assume-unchanged`)",
    ),
    "lost": ("neither the cache nor a remote has it", "`dvc push` it from where it is"),
    "lfs": ("it is a pointer of LFS", "run `git lfs install` and `git lfs pull` in the repository"),
    "submodule": (
        "its submodule is empty",
        "run `git submodule update --init --recursive` in the repository",
    ),
}


def see_that_drawn(
    plan: Plan, plan_key: str | None, repo: Path, commit: str, left: Mapping[str, str]
) -> None:
    """Refuse a commit whose graph is another than the caller knows.

    Args:
        left: what the commit has not as the working tree of the repository has it, and why.

    Raises:
        PipelineError: it is.
    """
    if plan_key is None or plan.key == plan_key:
        return
    what = f"The graph of commit {commit[:10]} is not the one that this run was drawn from"
    values, top = load(repo).values, top_of(repo)
    named = {os.path.relpath(top / path, repo): kind_of(why) for path, why in left.items()}
    of_graph = [*MADE_FROM, *values]
    made = {path: kind for path, kind in named.items() if any(fnmatch(path, f) for f in of_graph)}
    if not made:
        fix = "wait until the graph is read again (some seconds), then trigger a new run."
        raise PipelineError(f"{what}.", fix)
    shown = at_most_ten(f"{path} ({WHY[kind][0]})" for path, kind in made.items())
    fixes = [WHY[kind][1] for kind in dict.fromkeys(made.values())]
    raise PipelineError(
        f"{what}: it lacks what the working tree has of {shown}.",
        "; ".join(fixes) + "; then trigger a new run.",
    )


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
    if ignored_of(run.repo, [path]):
        return "git ignores it"
    return WHY[why][0]
