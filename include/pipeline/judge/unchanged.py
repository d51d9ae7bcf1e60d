"""Whether a stage is what its lockfile says, where no data is checked out yet."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from include.pipeline.child.stages import in_cache, outs_around
from include.pipeline.child.transfer import check_out
from include.pipeline.git.listing import take_from
from include.pipeline.orders import Unchanged


def unchanged(order: Unchanged) -> list[str]:
    """The stages of a working tree that have nothing to do."""
    from dvc.repo import Repo, lock_repo

    with Repo(".") as repo, lock_repo(repo):
        by_name = {stage.addressing: stage for stage in repo.index.stages}
        found: list[str] = []
        for name in order.stages:
            stage = by_name[name]
            before = {s.addressing for s in repo.index.graph.successors(stage)}
            if stage.frozen or before & set(order.stages) <= set(found):
                found += [name] if same(repo, stage) else []
        return found


def same(repo: Any, stage: Any, commit: str = "") -> bool:
    """Whether a stage is what its entry in the lockfile says, and its outs can be had.

    DVC's own question, but for data that is absent: what the lockfile says of the outs of other
    stages stands for them. What is absent and no stage makes is not the same as it was.

    Args:
        commit: where outs that DVC does not cache are as the entry has them, if it is not the
            lockfile's own.
    """
    if stage.always_changed or stage.is_callback or not stage.outs:
        return False
    if stage.is_data_source and not stage.is_import:
        return obtainable(repo, stage)
    deps = [] if stage.frozen else stage.deps
    if stage.changed_stage() or not all(in_lockfile(repo, dep) for dep in deps):
        return False
    return obtainable(repo, stage) or (bool(commit) and restored(repo, stage, commit))


def in_lockfile(repo: Any, dep: Any) -> bool:
    """Whether a dep is what the lockfile says."""
    if getattr(dep, "protocol", "") != "local":
        return not dep.status()
    around = outs_around(repo, dep.fs_path)
    if hasattr(dep, "params"):
        if not dep.exists:  # an out of another stage
            check_out([out for out in around if in_cache(out) and not out.changed_cache()])
        return bool(dep.exists) and not dep.status()
    if not around or all(not out.use_cache for out in around):
        return bool(dep.exists) and not dep.status()
    return bool(dep.hash_info) and expected(dep, around) == dep.hash_info


def expected(dep: Any, around: Sequence[Any]) -> Any:
    """The hash that a dep will have once the outs around it are there, by the lockfile."""
    [*others, out] = around
    if out.fs_path == dep.fs_path and not others:
        return out.hash_info
    if Path(out.fs_path) in Path(dep.fs_path).parents:
        if not out.hash_info:
            return None
        out.get_dir_cache()  # the list of its files, from the remote if need be
        part = out.get_obj(filter_info=dep.fs_path)
        return part.hash_info if part else None
    return hash_of_folder(dep, around)


def hash_of_folder(dep: Any, parts: Sequence[Any]) -> Any:
    """The hash of a folder of which some parts are outs, and the rest is there."""
    from dvc_data.hashfile.build import build
    from dvc_data.hashfile.tree import Tree

    found: Any = Tree()  # type: ignore[no-untyped-call]
    cached = [(dep.fs.relparts(out.fs_path, dep.fs_path), out) for out in parts if out.use_cache]
    if dep.exists:
        cache = dep.local_cache
        _, _, there = build(
            cache, dep.fs_path, dep.fs, dep.hash_name, ignore=dep.dvcignore, dry_run=True
        )
        for key, meta, info in there:  # type: ignore[attr-defined]
            if not any(key[: len(place)] == place for place, _ in cached):
                found.add(key, meta, info)
    for place, out in cached:
        if not out.hash_info:
            return None
        if not out.hash_info.isdir:
            found.add(place, out.meta, out.hash_info)
            continue
        out.get_dir_cache()
        for key, meta, info in out.get_obj() or ():
            found.add((*place, *key), meta, info)
    found.digest()
    return found.hash_info


def obtainable(repo: Any, stage: Any) -> bool:
    """Whether every out is as the lockfile says: in the cache, in a remote, or as git has it."""
    lost = []
    for out in stage.outs:
        if not out.hash_info or (not out.use_cache and out.workspace_status()):
            return False
        if out.use_cache and out.changed_cache():
            lost.append(out)
    return not lost or in_remotes(repo, stage, lost)


def in_remotes(repo: Any, stage: Any, lost: Sequence[Any]) -> bool:
    """Whether what the cache lacks of a stage is where DVC would fetch it from."""
    from dvc.exceptions import DvcException

    if stage.is_repo_import:
        return True
    for out in lost:
        if out.hash_info.isdir:
            out.get_dir_cache()  # the list of its files
            if out.get_obj() is None:
                return False
    try:
        states = repo.status(targets=[stage.addressing], cloud=True)
    except DvcException:
        return False
    return "missing" not in states.values()


def restored(repo: Any, stage: Any, commit: str) -> bool:
    """Whether the outs that DVC does not cache could be had from the experiment of another run."""
    paths = [o.fs_path for o in stage.outs if not o.use_cache and o.workspace_status()]
    if not paths:
        return False
    take_from(Path(repo.root_dir), commit, paths)
    if obtainable(repo, stage):
        return True
    take_from(Path(repo.root_dir), "HEAD", paths)
    return False
