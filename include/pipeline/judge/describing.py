"""What an artifact of a commit is, and all that DVC knows of how it was made."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from include.errors import PipelineError, at_most_ten, did_you_mean
from include.pipeline.child.orders import Refused
from include.pipeline.orders import Describe, Locate, Verify
from include.pipeline.registry.declared import paths_in
from include.pipeline.registry.pinned import hash_of

FETCH = "run `dvc fetch --all-commits`, or register where the data is."


def described(order: Describe) -> dict[str, Any]:
    """The artifact, with the data, params, environment and metrics behind it.

    Returns:
        `path`, `stage`; `files`, hashes by path, with what is in folders that the cache lists;
        `params` by stage, `environment`, hashes by file; and `metrics` by file, those of stages
        beside it where they are known.

    Raises:
        Refused: the commit declares no such artifact, or has not made it, or its own metrics are
            not to be had.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from dvc.repo.metrics.show import show

    with Repo(".") as repo:
        with repo.switch(order.commit):
            out, stages = artifact_of(repo, order)
            absent = [hashed for stage in stages for hashed in not_here(stage)]
            found = {} if absent else about(repo, out, stages)
            behind = {place(repo, out) for stage in stages for out in stage.outs}
        if absent:  # by the settings of the working tree, which know how to log in
            with suppress(DvcException, OSError):
                repo.cloud.pull(absent)
            with repo.switch(order.commit):
                found = about(repo, *artifact_of(repo, order))
        metrics = show(repo, revs=[order.commit]).get(order.commit, {}).get("data", {})
    # A stage beside the artifact may never have run: it has no part in how that was made.
    lost = [name for name, held in metrics.items() if "data" not in held and name in behind]
    if lost:
        what = f"The metrics {at_most_ten(lost)} of {order.commit[:10]} cannot be read: "
        raise Refused(f"{what}{metrics[lost[0]].get('error')}.", FETCH)
    had = {name: held["data"] for name, held in metrics.items() if "data" in held}
    return {**found, "metrics": had}


def located(order: Locate) -> str:
    """The hash of an artifact that a commit made.

    Raises:
        Refused: it has not made it.
    """
    try:
        return hash_of(Path(), order.commit, order.artifact)
    except PipelineError as error:
        raise Refused(error.what, error.fix) from None


def about(repo: Any, out: Any, stages: list[Any]) -> dict[str, Any]:
    """What was made, from which files, in which environment, and with which values."""
    path = place(repo, out)
    files = dict(sorted(pair for stage in stages for pair in files_of(repo, stage)))
    return {
        "path": path,
        "stage": address(repo, out.stage),
        "hash": files[path],
        "environment": {n: h for n, h in files.items() if n.startswith("environments/")},
        "params": {address(repo, s): held for s in stages if (held := params(repo, s))},
        "files": files,
    }


def artifact_of(repo: Any, order: Describe) -> tuple[Any, list[Any]]:
    """The out that is an artifact, and the stages that it comes from.

    Raises:
        Refused: there is no such artifact, it was not made, or from other data than is there.
    """
    path = path_of(repo, order)
    made = [out for out in repo.index.outs if place(repo, out) == path and out.hash_info]
    if not made:
        what = f"The commit {order.commit[:10]} has not made {path}, "
        what += f"which its dvc.yaml declares as the artifact {order.artifact!r}."
        raise Refused(what, "name an experiment whose run made it: see `dvc exp show`.")
    stages = upstream(repo, made[0].stage)
    see_that_current(repo, stages)
    return made[0], stages


def not_here(stage: Any) -> Iterator[Any]:
    """The hashes of lists of folders, and of metrics, that the cache lacks."""
    for out in stage.outs:
        wanted = out.use_cache and out.hash_info and (out.hash_info.isdir or out.metric)
        if wanted and not out.cache.exists(out.hash_info.value):
            yield out.hash_info


def path_of(repo: Any, order: Describe | Verify) -> str:
    """The path of an artifact, from the root of the repository."""
    declared = paths_in(repo)
    if order.artifact not in declared:
        what = f"The dvc.yaml of {order.commit[:10]} declares no artifact {order.artifact!r}"
        names = at_most_ten(sorted(declared)) or "none"
        what += f"; it declares {names}.{did_you_mean(order.artifact, declared)}"
        raise Refused(what, "name one of them, or add it under `artifacts:` and run again.")
    return declared[order.artifact]


def upstream(repo: Any, stage: Any) -> list[Any]:
    """A stage, and all that it needs, in the order of their names."""
    import networkx

    needed = networkx.descendants(repo.index.graph, stage) | {stage}
    return sorted(needed, key=lambda one: str(one.addressing))


def files_of(repo: Any, stage: Any) -> Iterator[tuple[str, str]]:
    """The files and folders that a stage reads and makes, and what is in those of the cache."""
    from dvc.dependency import ParamsDependency

    for one in (*stage.deps, *stage.outs):
        if isinstance(one, ParamsDependency) or not one.hash_info or one.protocol != "local":
            continue
        path = place(repo, one)
        yield path, str(one.hash_info.value)
        if one in stage.outs and one.hash_info.isdir and one.use_cache:
            if (tree := one.get_obj()) is None:
                what = f"Neither the cache nor a remote of DVC has the list of the folder {path}."
                raise Refused(what, FETCH)
            for key, _, hashed in tree:
                yield "/".join((path, *key)), str(hashed.value)


def see_that_current(repo: Any, stages: list[Any]) -> None:
    """Refuse what was made from other data than is beside it.

    Raises:
        Refused: a stage read something else than the lockfile has of who makes it.
    """
    made = {place(repo, out): out for stage in stages for out in stage.outs}
    for stage in stages:
        for dep in stage.deps:
            out = made.get(place(repo, dep))
            if out is not None and out.hash_info != dep.hash_info:
                what = f"Stage {address(repo, stage)!r} read another {place(repo, dep)} than the "
                what += "commit has: what it made is not of this data."
                raise Refused(what, "run the whole graph, and register that experiment.")


def address(repo: Any, stage: Any) -> str:
    """The name of a stage: DVC gives it as seen from a folder that the commit does not have."""
    file, name = str(repo.fs.relpath(stage.path, repo.root_dir)), getattr(stage, "name", "")
    return name if name and file == "dvc.yaml" else f"{file}:{name}".rstrip(":")


def params(repo: Any, stage: Any) -> dict[str, Any]:
    """The values that a stage was made with, by file."""
    from dvc.dependency import ParamsDependency

    held = [dep for dep in stage.deps if isinstance(dep, ParamsDependency) and dep.hash_info]
    return {place(repo, dep): dep.hash_info.value for dep in held}


def place(repo: Any, one: Any) -> str:
    """The path of a dep or out, from the root of the repository."""
    if not one.is_in_repo:
        return str(one.def_path)
    return str(repo.fs.relpath(one.fs_path, repo.root_dir)).replace(os.sep, "/")
