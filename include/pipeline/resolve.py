"""What DVC makes of a graph, as JSON holds it. In a DVC process."""

import hashlib
import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from include.pipeline.child.orders import Refused, causes
from include.pipeline.orders import Resolve

LONGEST = 200  # letters of an id: the folder of a task's log is task_id=..., and Linux takes 255
PARAMS = (".yaml", ".yml", ".json", ".toml", ".py")
NO_PARAMS = ("dvc.yaml", "dvc.lock")


def resolved(order: Resolve) -> dict[str, Any]:
    """The graph of the repository in which this process is: see `graph_of`."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    root = Path.cwd()
    try:
        with Repo(".") as repo:
            return graph_of(repo, root)
    except DvcException as error:
        what = f"DVC cannot resolve the graph of {root}: {in_words(error)}"
        raise Refused(what, "mend it, then see that `dvc dag` draws the graph.") from None


def in_words(error: BaseException) -> str:
    """All that DVC says of an error, in one line."""
    parts = [said(found) for found in (error, *causes(error))]
    return ": ".join(" ".join(part.split()).rstrip(".:") for part in dict.fromkeys(parts) if part)


def said(error: BaseException) -> str:
    """What one error says; one that stands for several, as those of a schema, says each."""
    inner = getattr(error, "errors", None)
    if not isinstance(inner, list):
        return str(error)
    each = (f"{part.msg} in {'.'.join(map(str, part.path))}" for part in inner)
    return "; ".join(sorted(each))


def graph_of(repo: Any, root: Path, *, helps: bool = True) -> dict[str, Any]:
    """The stages in topological order, the files that they were made from, and params in them.

    Args:
        helps: whether to read what comments say of params, which takes a while.
    """
    from dvc.repo.reproduce import get_active_graph, plan_repro

    graph = repo.index.graph
    # The order in which `dvc repro` runs them: a new dvc.lock lists its stages in it.
    order = plan_repro(get_active_graph(graph))
    task_ids = unique_ids([stage.addressing for stage in order])
    stages = [described(stage, graph, task_ids[stage.addressing], root) for stage in order]
    groups = unique_ids({stage["group"] for stage in stages} - {""}) | {"": ""}
    stages = [stage | {"group": groups[stage["group"]]} for stage in stages]
    made = {out["path"] for stage in stages for out in stage["outs"]}
    # What a stage makes is not there when the graph is read anew.
    top = Path(repo.scm.root_dir).resolve()
    read = sorted({name for stage in order for name in files_of(stage, root, top)} - made)
    files = dict.fromkeys(["params.yaml", *read])
    values = {file: found for file in files if (found := read_params(root / file))}
    said = {file: help_in(root / file) for file in values if helps}
    return {"stages": stages, "read": read, "values": values, "helps": said}


def read_params(path: Path) -> Any:
    """What a file of params holds as DVC reads it; None if it is none."""
    from dvc.fs import localfs
    from dvc.utils.serialize import ParseError, load_path

    if path.suffix.lower() not in PARAMS or path.name in NO_PARAMS or not path.is_file():
        return None
    try:
        return load_path(str(path), localfs)
    except ParseError:  # a stage that depends on it will say so
        return None


def help_in(path: Path) -> dict[str, str]:
    """What the comments of a file of params say of its values."""
    from include.pipeline.yaml_text import comments

    return comments(path.read_text()) if path.suffix.lower() in (".yaml", ".yml") else {}


def described(stage: Any, graph: Any, task_id: str, repo: Path) -> dict[str, Any]:
    """A stage as JSON holds it."""
    return {
        "name": stage.addressing,
        "task_id": task_id,
        "group": group_of(stage, repo),
        "file": inside(stage.path, repo),
        "wdir": inside(stage.wdir, repo),
        "cmd": as_text(stage.cmd),
        "desc": stage.desc or "",
        "deps": [inside(str(d), repo) for d in stage.deps if not hasattr(d, "params")],
        "params": [
            f"{inside(str(d), repo)}:{name}"
            for d in stage.deps
            if hasattr(d, "params")
            for name in d.params or ["*"]
        ],
        "outs": [
            {
                "path": inside(str(o), repo),
                "cached": bool(o.use_cache),
                "persist": bool(o.persist),
            }
            for o in stage.outs
        ],
        "upstream": sorted(s.addressing for s in graph.successors(stage)),
        "frozen": bool(stage.frozen),
        "always_changed": bool(stage.always_changed),
        "meta": stage.meta or {},
    }


def inside(path: str, repo: Path) -> str:
    """A path as seen from the root of the repository; URLs and paths outside as they are."""
    if "://" in path:
        return path
    found = Path(os.path.normpath(repo / path))
    return found.relative_to(repo).as_posix() if found.is_relative_to(repo) else str(found)


def as_text(cmd: str | list[str] | None) -> str:
    """The command; several are lines."""
    return "\n".join(cmd) if isinstance(cmd, list) else cmd or ""


def group_of(stage: Any, repo: Path) -> str:
    """The foreach or matrix stage that made it, by DVC's address, else the folder of its dvc.yaml.

    The folder ends with /, as sub/: it is another group than a foreach stage of its name.
    """
    folder = Path(inside(stage.path, repo)).parent.as_posix()
    base, made, _ = str(getattr(stage, "name", "") or "").partition("@")
    if made:
        return base if folder == "." else f"{folder}/dvc.yaml:{base}"
    return "" if folder == "." else f"{folder}/"


def clean(text: str) -> str:
    """The text in the letters that Airflow allows in an id."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-.") or "stage"


def unique_ids(names: Iterable[str]) -> dict[str, str]:
    """An id for each name, made of it alone unless another name would have the same.

    Of those, a name that is an id already keeps it, then one that lost nothing but the signs of
    foreach and folders. What tells the others apart is made of their names, so that a new stage
    renames none that it can leave alone.
    """
    plain = {
        name: name.replace("/dvc.yaml:", ".").replace("@", "-").removesuffix("/") for name in names
    }
    lost = {name: clean(text) != text for name, text in plain.items()}
    ids, taken = dict[str, str](), set[str]()
    for name in sorted(plain, key=lambda name: (lost[name], plain[name] != name, name)):
        base, tail = clean(plain[name])[:LONGEST], hashlib.sha256(name.encode()).hexdigest()
        # An id that says too little of its name, cut or in other letters, always has a hash.
        whole = name.isascii() and len(plain[name]) <= LONGEST
        near = [base] if lost[name] else [base, f"{base}-2"]
        found = [*(near if whole else []), f"{base}-{tail[:7]}", f"{base}-{tail[:40]}"]
        ids[name] = next(one for one in found if one not in taken)
        taken.add(ids[name])
    return ids


def files_of(stage: Any, root: Path, top: Path) -> list[str]:
    """The files whose values a stage may hold: vars, params, and the default params.yaml.

    They are named as seen from the root, above which a part of git's working tree may lie; what is
    outside of that is in no clone.
    """
    names = [Path(stage.wdir) / "params.yaml", Path(stage.path).parent / "params.yaml"]
    names += [Path(dep.fs_path) for dep in stage.deps if hasattr(dep, "params")]
    if stage.path.endswith("dvc.yaml"):
        for file in vars_of(Path(stage.path)):
            names += [Path(stage.path).parent / file, Path(stage.wdir) / file]
    paths = [Path(os.path.normpath(root / name)) for name in names]
    return [os.path.relpath(path, root) for path in paths if path.is_relative_to(top)]


@cache
def vars_of(path: Path) -> tuple[str, ...]:
    """The files that a dvc.yaml names under `vars`, at its top or in a stage."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    held = yaml.load(path.read_text(), Loader=loader) or {}
    bodies = [body for body in (held.get("stages") or {}).values() if isinstance(body, dict)]
    listed = [held.get("vars"), *(body.get("vars") for body in bodies)]
    listed += [body["do"].get("vars") for body in bodies if isinstance(body.get("do"), dict)]
    entries = [entry for entries in listed for entry in entries or []]
    return tuple(entry.split(":")[0] for entry in entries if isinstance(entry, str))
