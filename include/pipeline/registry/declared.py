"""The artifacts that a repository declares, by the names that gto has for them."""

import os
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from include.pipeline.git.listing import in_git
from include.pipeline.lockfile import LOADER


def artifacts(repo: Path) -> list[str]:
    """The names under `artifacts:` in each dvc.yaml of the working tree."""
    return list(declared(repo))


def declared(repo: Path) -> dict[str, dict[str, Any]]:
    """What each dvc.yaml of the working tree says of its artifacts; paths are from the root."""
    found: dict[str, dict[str, Any]] = {}
    for file in in_git(repo, "dvc.yaml", "**/dvc.yaml"):
        try:
            held = yaml.load((repo / file).read_text(), LOADER)  # a safe one
            named = sorted((held.get("artifacts") or {}).items())
        except (OSError, yaml.YAMLError, AttributeError, TypeError):
            continue  # DVC says what is wrong with it
        for name, said in named:
            about = {**said} if isinstance(said, dict) else {}
            if "path" in about:
                about["path"] = str(PurePosixPath(file).parent / str(about["path"]))
            found[full_name(file, name)] = about
    return found


def paths_in(repo: Any) -> dict[str, str]:
    """The paths of the artifacts, from the root, of the commit that DVC has opened."""
    return {
        full_name(file, name): os.path.normpath(os.path.join(os.path.dirname(file), one.path))
        for file, its in repo.artifacts.read().items()
        for name, one in its.items()
    }


def full_name(file: str, name: str) -> str:
    """What gto calls an artifact of a dvc.yaml: with its folder, if that is not the root."""
    folder = PurePosixPath(file).parent
    return name if folder == PurePosixPath() else f"{folder}:{name}"
