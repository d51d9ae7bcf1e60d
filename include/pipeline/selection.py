"""Which stages a run takes: targets, and what lies before or after them."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

from include.errors import PipelineError, did_you_mean
from include.pipeline.plan import Plan, Stage

ROOT = "dvc.yaml"


def select(
    plan: Plan, targets: Sequence[str] = (), upstream: bool = True, downstream: bool = False
) -> tuple[Stage, ...]:
    """The stages of a run, each after those that it needs.

    Args:
        targets: names, task ids, groups, paths of outs, files of stages, or folders of such files;
            the dvc.yaml at the root if there are none, as for `dvc repro`.
        upstream: whether what the targets need runs as well. What a frozen stage needs does not
            run for its sake.
        downstream: whether what needs the targets runs as well.

    Raises:
        PipelineError: a target is not in the graph.
    """
    if not plan.stages:
        return ()
    if not targets and not any(stage.file == ROOT for stage in plan.stages):
        what = f"There is no {ROOT} with stages at the root, which `dvc repro` takes by itself."
        raise PipelineError(what, "name targets: stages, their files or folders; '.' is all.")
    named = {stage.name for target in targets or [ROOT] for stage in matches(plan, target)}
    by_name = {stage.name: stage for stage in plan.stages}
    after: dict[str, list[str]] = {name: [] for name in by_name}
    for stage in plan.stages:
        for name in needed(stage):
            after[name].append(stage.name)
    taken = set(named)
    if upstream:
        taken |= reached(named, lambda name: needed(by_name[name]))
    if downstream:
        taken |= reached(named, lambda name: after[name])
    return tuple(stage for stage in plan.stages if stage.name in taken)


def needed(stage: Stage) -> tuple[str, ...]:
    """The stages that have to run before one: none for a frozen stage, which reads nothing."""
    return () if stage.frozen else stage.upstream


def reached(start: Iterable[str], beside: Callable[[str], Iterable[str]]) -> set[str]:
    """All names that can be reached from `start`."""
    found, waiting = set[str](), list(start)
    while waiting:
        for name in beside(waiting.pop()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def find(plan: Plan, name: str) -> Stage:
    """The one stage that a name or task id means."""
    found = [stage for stage in plan.stages if name in (stage.name, stage.task_id)]
    return found[0] if found else matches(plan, name)[0]


def matches(plan: Plan, target: str) -> list[Stage]:
    """The stages that a target means: by name, task id, group, out, file, or folder of files."""
    place = PurePosixPath(target)
    target = place.as_posix().removeprefix(f"{ROOT}:")
    found = [
        stage
        for stage in plan.stages
        if target in (stage.name, stage.task_id)
        or stage.name.startswith(f"{target}@")
        or any(out.path == target for out in stage.outs)
    ]
    found = found or [
        stage
        for stage in plan.stages
        if target == stage.group or place in (PurePosixPath(stage.file), *folders(stage))
    ]
    if found:
        return found
    known = {name for stage in plan.stages for name in (stage.name, stage.task_id)}
    known |= {out.path for stage in plan.stages for out in stage.outs}
    what = f"The graph has no stage {target!r}; it has {len(plan.stages)}."
    raise PipelineError(what + did_you_mean(target, known), "run `leeway show` for all names.")


def folders(stage: Stage) -> Sequence[PurePosixPath]:
    """The folders that hold the file of a stage, the root last."""
    return PurePosixPath(stage.file).parents
