"""What an artifact of a commit is, and all that DVC knows of how it was made."""

import os
from collections.abc import Iterator
from typing import Any

from include.errors import at_most_ten, did_you_mean
from include.pipeline.child.orders import Refused
from include.pipeline.orders import Describe


def described(order: Describe) -> dict[str, Any]:
    """The artifact, with the data, params, environment and metrics behind it.

    Returns:
        `path`, `stage`; `files`, hashes by path, with what is in folders that the cache lists;
        `params` by stage, `environment`, hashes by file; and `metrics` by file.

    Raises:
        Refused: the commit declares no such artifact, or has not made it.
    """
    from dvc.repo import Repo
    from dvc.repo.metrics.show import show

    with Repo(".") as repo:
        with repo.switch(order.commit):
            path = path_of(repo, order)
            made = [out for out in repo.index.outs if place(repo, out) == path]
            if not made or not made[0].hash_info:
                what = f"The commit {order.commit[:10]} has not made {path}, "
                what += f"which its dvc.yaml declares as the artifact {order.artifact!r}."
                raise Refused(what, "name an experiment whose run made it: see `dvc exp show`.")
            stages = upstream(repo, made[0].stage)
            files = dict(sorted(pair for stage in stages for pair in files_of(repo, stage)))
            found = {
                "path": path,
                "stage": address(repo, made[0].stage),
                "hash": files[path],
                "environment": {n: h for n, h in files.items() if n.startswith("environments/")},
                "params": {address(repo, s): held for s in stages if (held := params(repo, s))},
                "files": files,
            }
        shown = show(repo, revs=[order.commit])
    metrics = shown.get(order.commit, {}).get("data", {})
    return {**found, "metrics": {path: held.get("data") for path, held in metrics.items()}}


def path_of(repo: Any, order: Describe) -> str:
    """The path of an artifact, from the root of the repository."""
    declared = {}
    for file, artifacts in repo.artifacts.read().items():
        folder = os.path.dirname(file)
        for name, artifact in artifacts.items():
            full = f"{folder}:{name}" if folder else name
            declared[full] = os.path.normpath(os.path.join(folder, artifact.path))
    if order.artifact not in declared:
        what = f"The dvc.yaml of {order.commit[:10]} declares no artifact {order.artifact!r}"
        names = at_most_ten(sorted(declared)) or "none"
        what += f"; it declares {names}.{did_you_mean(order.artifact, declared)}"
        raise Refused(what, "name one of them, or add it under `artifacts:` and run again.")
    return str(declared[order.artifact])


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
        if one.hash_info.isdir and one.use_cache and (tree := one.get_obj()):
            for key, _, hashed in tree:
                yield "/".join((path, *key)), str(hashed.value)


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
    return str(repo.fs.relpath(one.fs_path, repo.root_dir)).replace(os.sep, "/")
