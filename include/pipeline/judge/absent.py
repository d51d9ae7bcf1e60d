"""What stages need, and a run cannot have."""

import os
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from include.pipeline.child.stages import files_read, outs_around
from include.pipeline.git.listing import ignored_below
from include.pipeline.judge.unchanged import obtainable
from include.pipeline.orders import Missing

# What tools leave in folders of code, and no step means to read.
JUNK = (
    *("__pycache__", "*.pyc", ".ipynb_checkpoints", ".pytest_cache", ".mypy_cache", ".ruff_cache"),
    *("*.egg-info", ".DS_Store", "Thumbs.db", "*.swp", "*~", ".idea", ".vscode"),
    *(".venv", "venv", "node_modules", ".airflow"),
)


def hollow_or_absent(repo: Any, names: Sequence[str], hollow: Mapping[str, str]) -> list[Missing]:
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


def beside(repo: Any, names: Sequence[str], source: Path) -> list[Missing]:
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
    found, dvc = [], repo.dvcignore
    for name in ignored_below(source, folders):
        path, place = Path(name), os.path.abspath(name)
        if any(fnmatch(part, junk) for part in path.parts for junk in JUNK):
            continue
        ignores = dvc.is_ignored_dir if name.endswith("/") else dvc.is_ignored_file
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
