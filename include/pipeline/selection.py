"""Which stages a run takes: targets, and what lies before or after them."""

from collections.abc import Callable, Iterable, Sequence

from include.errors import PipelineError
from include.pipeline.graph import ROOT, Plan, Stage


def select(
    plan: Plan,
    targets: Sequence[str] = (),
    upstream: bool = True,
    downstream: bool = False,
    without: Sequence[str] = (),
) -> tuple[Stage, ...]:
    """The stages of a run, each after those that it needs.

    Args:
        targets: names, task ids, groups, paths of outs, files of stages, or folders of such files;
            the dvc.yaml at the root if there are none, as for `dvc repro`.
        upstream: whether what the targets need runs as well. What a frozen stage needs does not
            run for its sake.
        downstream: whether what needs the targets runs as well.
        without: names, as those of targets, that do not run, and nor does what needs them.

    Raises:
        PipelineError: a target is not in the graph.
    """
    if not plan.stages:
        return ()
    if not targets and not any(stage.file == ROOT for stage in plan.stages):
        what = f"There is no {ROOT} with stages at the root, which `dvc repro` takes by itself."
        raise PipelineError(what, "name targets: stages, their files or folders; '.' is all.")
    named = {stage.name for target in targets or [ROOT] for stage in plan.matches(target)}
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
    left_out = {stage.name for target in without for stage in plan.matches(target)}
    taken -= left_out | reached(left_out, lambda name: after[name])
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
