"""Whether a stage is what the lock says, where no data is checked out yet. In a DVC process."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from include.pipeline.child import check_out, files_read, in_cache, outs_around
from include.pipeline.git import command

# What tools leave in folders of code, and no step means to read.
JUNK = (
    *("__pycache__", "*.pyc", ".ipynb_checkpoints", ".pytest_cache", ".mypy_cache", ".ruff_cache"),
    *("*.egg-info", ".DS_Store", "Thumbs.db", "*.swp", "*~", ".idea", ".vscode"),
    *(".venv", "venv", "node_modules", ".airflow"),
)


def same(repo: Any, stage: Any, commit: str = "") -> bool:
    """Whether a stage is what its lock entry says, and its outs can be had.

    DVC's own question, but for data that is absent: what the lock says of the outs of other stages
    stands for them. What is absent and no stage makes is not the same as it was.

    Args:
        commit: where outs that DVC does not cache are as the entry has them, if it is not the
            lock's own.
    """
    if stage.always_changed or stage.is_callback or not stage.outs:
        return False
    if stage.is_data_source and not stage.is_import:
        return obtainable(repo, stage)
    deps = [] if stage.frozen else stage.deps
    if stage.changed_stage() or not all(in_lock(repo, dep) for dep in deps):
        return False
    return obtainable(repo, stage) or (bool(commit) and restored(repo, stage, commit))


def in_lock(repo: Any, dep: Any) -> bool:
    """Whether a dep is what the lock says."""
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
    """The hash that a dep will have once the outs around it are there, by what the lock says."""
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
    """Whether every out is as the lock says: in the cache, in a remote, or as git has it."""
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
    take(repo, commit, paths)
    if obtainable(repo, stage):
        return True
    take(repo, "HEAD", paths)
    return False


def take(repo: Any, commit: str, paths: Sequence[str]) -> None:
    """Let paths be as a commit has them; absent, if it has not."""
    for path in paths:
        words = command(Path(repo.root_dir), "restore", f"--source={commit}", "--", path)
        done = subprocess.run(words, capture_output=True, check=False)
        if done.returncode and os.path.isfile(path):
            os.unlink(path)


def hollow_or_absent(
    repo: Any, names: Sequence[str], hollow: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """What stages need and cannot have in a workspace: stage, path, and why.

    Args:
        hollow: paths of which a clone holds no more than the name, and why.
    """
    found = []
    for stage in (stage for stage in repo.index.stages if stage.addressing in names):
        for dep in files_read(stage):
            name = str(dep) if dep.is_in_repo else str(dep.def_path)
            found += [(stage.addressing, name, why) for why in reasons(repo, dep, hollow)]
        kept = stage.frozen or (stage.is_data_source and not stage.is_import)
        if kept and not stage.is_partial_import and not obtainable(repo, stage):
            why = "lost" if any(out.hash_info for out in stage.outs) else "unmade"
            found += [(stage.addressing, str(out), why) for out in stage.outs]
    return found


def reasons(repo: Any, dep: Any, hollow: Mapping[str, str]) -> list[str]:
    """Why a dep cannot be had; none if it can."""
    for path, why in hollow.items():
        place, wanted = Path(path), Path(dep.fs_path)
        if place == wanted or place in wanted.parents or wanted in place.parents:
            return [why]
    if outs_around(repo, dep.fs_path):
        return []
    if os.path.islink(dep.fs_path) and not os.path.exists(dep.fs_path):
        return ["link"]
    return [] if dep.exists else ["absent"]


def beside(repo: Any, names: Sequence[str], source: Path) -> list[tuple[str, str, str]]:
    """What stages read in the user's tree, and a run has not or has otherwise: stage, path, why.

    Files that git ignores in a folder that is a dep, and data that was edited since `dvc add`.

    Args:
        source: the DVC repository in which the user works.
    """
    stages = [stage for stage in repo.index.stages if stage.addressing in names]
    read = [
        (stage.addressing, os.path.relpath(dep.fs_path))
        for stage in stages
        for dep in files_read(stage)
        if dep.is_in_repo
    ]
    folders = sorted({path for _, path in read if (source / path).is_dir()})
    found = []
    for path in ignored_in(repo, source, folders) if folders else ():
        around = [name for name, dep in read if path.startswith(f"{dep}/")]
        found += [(name, path, "ignored") for name in around]
    added = {
        os.path.relpath(out.fs_path): name
        for name, path in read
        for out in outs_around(repo, os.path.abspath(path))
        if out.stage.is_data_source and out.is_in_repo
    }
    there = [path for path in added if (source / path).exists()]
    return found + [(added[path], path, "edited") for path in edited(source, there)]


def ignored_in(repo: Any, source: Path, folders: Sequence[str]) -> list[str]:
    """What git ignores in folders of the user's tree, but for outs and what DVC does not see."""
    words = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    listed = command(source, "--literal-pathspecs", *words, "--", *folders)
    done = subprocess.run(listed, capture_output=True, check=False)
    found = []
    for name in done.stdout.decode().split("\0"):
        path, place = Path(name), os.path.abspath(name)
        if not name or any(fnmatch(part, junk) for part in path.parts for junk in JUNK):
            continue
        ignores = (
            repo.dvcignore.is_ignored_dir
            if name.endswith("/")
            else (repo.dvcignore.is_ignored_file)
        )
        if not outs_around(repo, place) and not ignores(place):
            found.append(name)
    return found


def edited(source: Path, paths: Sequence[str]) -> list[str]:
    """Those of some paths of the user's tree that are not what their .dvc file says."""
    if not paths:
        return []
    from dvc.repo import Repo

    with Repo(str(source)) as theirs:
        outs = {os.path.relpath(out.fs_path, source): out for out in theirs.index.outs}
        return [p for p in paths if p in outs and "modified" in outs[p].workspace_status().values()]
