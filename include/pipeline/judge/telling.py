"""What the record of a run says of its stages, as DVC has it: see past/record.py."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from include.pipeline.meta import read_meta
from include.pipeline.orders import Told
from include.pipeline.params_file import flatten, shown


def told_of(stages: Iterable[Any]) -> Told:
    """The values that stages were made from, where their metrics are, and where each runs."""
    found = Told()
    for stage in stages:
        found.params.update(values_of(stage))
        found.metrics.update(metrics_of(stage))
        meta = read_meta(stage.addressing, stage.relpath, stage.meta)
        if meta.queue:
            found.queues[stage.addressing] = meta.queue
        if meta.predictions:
            found.predictions[stage.addressing] = meta.predictions
    return found


def values_of(stage: Any, *, now: bool = False) -> Iterator[tuple[str, Any]]:
    """The params of a stage, by the names by which a run sets them.

    Args:
        now: whether to read them from their files, and not from the lockfile.
    """
    from dvc.dependency import ParamsDependency

    for dep in (dep for dep in stage.deps if isinstance(dep, ParamsDependency)):
        file = os.path.relpath(dep.fs_path, dep.repo.root_dir)
        held = dep.read_params() if now else dep.hash_info.value
        for name, value in flatten(held if isinstance(held, dict) else {}).items():
            yield shown(file, name), value


def metrics_of(stage: Any) -> Iterator[tuple[str, str]]:
    """The files of metrics of a stage, and where on this disk each is; empty if nowhere."""
    for out in (out for out in stage.outs if out.metric and out.is_in_repo):
        if out.hash_info and out.hash_info.isdir:
            continue
        yield os.path.relpath(out.fs_path, out.repo.root_dir), place_of(out)


def place_of(out: Any) -> str:
    """Where the content of an out is: in the workspace, or in DVC's cache."""
    if os.path.isfile(out.fs_path):
        return str(out.fs_path)
    if out.use_cache and out.hash_info and not out.hash_info.isdir:
        cached = str(out.cache.oid_to_path(out.hash_info.value))
        return cached if os.path.isfile(cached) else ""
    return ""
