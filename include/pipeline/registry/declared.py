"""The artifacts that a repository declares, by the names that gto has for them."""

from pathlib import Path, PurePosixPath

import yaml

from include.pipeline.git.listing import in_git
from include.pipeline.lockfile import LOADER


def artifacts(repo: Path) -> list[str]:
    """The names under `artifacts:` in each dvc.yaml of the working tree."""
    found = []
    for file in in_git(repo, "dvc.yaml", "**/dvc.yaml"):
        try:
            held = yaml.load((repo / file).read_text(), LOADER)  # a safe one
            names = sorted(held.get("artifacts") or {})
        except (OSError, yaml.YAMLError, AttributeError, TypeError):
            continue  # DVC says what is wrong with it
        found += [full_name(file, name) for name in names]
    return found


def full_name(file: str, name: str) -> str:
    """What gto calls an artifact of a dvc.yaml: with its folder, if that is not the root."""
    folder = PurePosixPath(file).parent
    return name if folder == PurePosixPath() else f"{folder}:{name}"
