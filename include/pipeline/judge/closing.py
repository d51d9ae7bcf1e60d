"""What of a run has a good result, and what its experiment holds."""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from include.pipeline.child.entries import as_json, entries_of, made_by, write_entries
from include.pipeline.child.guards import OURS, inside
from include.pipeline.child.stages import (
    files_read,
    in_cache,
    outs_around,
    see_that_as_opened,
    stages_of,
)
from include.pipeline.judge.ignoring import ignore, ignored
from include.pipeline.judge.telling import told_of
from include.pipeline.judge.unchanged import obtainable, same
from include.pipeline.orders import Finish, Finished


def finished(order: Finish) -> Finished:
    """What of a run has no good result; else the files that its experiment holds."""
    from dvc.repo import Repo, lock_repo

    began = json.loads(Path(order.began).read_text()) if order.began else {}
    wrong: list[str] = []
    if began:
        remove_pipes(Path(order.began).parents[2])
        with Repo(".") as repo, lock_repo(repo):
            wrong = put_back(repo, began, order.made)
    with Repo(".") as repo, lock_repo(repo):
        by_name = {stage.addressing: stage for stage in repo.index.stages}
        stale = [name for name in order.stages if is_stale(repo, by_name, name, order)]
        if stale:
            return Finished(stale)
        stages = [by_name[name] for name in order.stages]
        good = [name for name in order.made if not began or same(repo, by_name[name])]
        for name in good if began else ():  # a container cannot write there
            with suppress(OSError):  # what it read is no longer here, or on another worker
                repo.stage_cache.save(by_name[name])
        read, made = read_from_git(stages), made_for_git(repo, stages)
        return Finished([], good, wrong, read, made, told_of(stages))


def put_back(repo: Any, began: Mapping[str, Any], made: Mapping[str, Any]) -> list[str]:
    """Let the lockfile say of each stage what it made in this run, or else what it began with.

    Returns:
        The stages of which it said something else: a step wrote it.
    """
    stages = stages_of(repo)
    see_that_as_opened(stages, {name: held["opened"] for name, held in began.items()})
    wrong, said = {}, entries_of(stages)
    for stage in stages:
        name = stage.addressing
        entry = made[name]["entry"] if name in made else began[name]["entry"]
        if as_json(said[name]) != as_json(entry):
            wrong[stage] = entry
    write_entries(wrong)
    return [stage.addressing for stage in wrong]


def remove_pipes(top: Path) -> None:
    """Remove what is no file, folder or link: git and DVC would wait for ever to read it."""
    waiting = [top]
    while waiting:
        for entry in os.scandir(waiting.pop()):
            if entry.is_dir(follow_symlinks=False):
                waiting += [] if entry.name == ".git" else [Path(entry)]
            elif not entry.is_symlink() and not entry.is_file(follow_symlinks=False):
                os.unlink(entry)


def is_stale(repo: Any, by_name: dict[str, Any], name: str, order: Finish) -> bool:
    """Whether a stage did not end well in the run, or what it read was made anew since."""
    stage = by_name[name]
    if name not in order.unchanged:
        made = order.made.get(name)
        if made is None or any(made_by(by_name[n]) != key for n, key in made["read"].items()):
            return True
    return bool(stage.outs) and not obtainable(repo, stage)


def made_for_git(repo: Any, stages: Sequence[Any]) -> list[str]:
    """What `dvc exp run` puts into an experiment beside what git tracks already.

    The outs that DVC does not cache, the metrics, plots and params that dvc.yaml names at its top,
    and the lines of .gitignore that keep the other outs out of git.
    """
    from dvc.repo.metrics.show import _collect_top_level_metrics
    from dvc.repo.params.show import _collect_top_level_params

    ignore(stages, ignored(stages))
    found = []
    for out in (out for stage in stages for out in stage.outs if out.is_in_repo):
        lines = os.path.join(os.path.dirname(out.fs_path), ".gitignore")
        found.append(lines if in_cache(out) else out.fs_path)
    named = [*_collect_top_level_metrics(repo), *_collect_top_level_params(repo)]
    for path in (*named, *repo.index._plot_sources):
        place = os.path.join(repo.root_dir, str(path).lstrip("/"))
        if not inside(os.path.relpath(place, repo.root_dir)) or ours(place):
            continue  # a step, or a value of the run, may have named it
        if not any(in_cache(out) for out in outs_around(repo, place)):
            found.append(place)
    return [os.path.relpath(path) for path in dict.fromkeys(found) if os.path.exists(path)]


def ours(place: str) -> bool:
    """Whether a path is in what git and DVC obey; a remote's login may be there."""
    return not OURS.isdisjoint(os.path.relpath(place).split("/"))


def read_from_git(stages: Sequence[Any]) -> list[str]:
    """The deps of stages that git may track: a step may have put something new into a folder."""
    found = []
    for dep in (dep for stage in stages for dep in files_read(stage) if dep.is_in_repo):
        around = [Path(out.fs_path) for out in outs_around(dep.repo, dep.fs_path)]
        place = Path(dep.fs_path)
        if dep.exists and not any(path in (place, *place.parents) for path in around):
            found.append(os.path.relpath(dep.fs_path))
    return list(dict.fromkeys(found))
