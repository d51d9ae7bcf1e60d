"""The lock files of a workspace: read an entry, pass it on, and put them in DVC's order.

An entry is passed on as the lines that DVC wrote, so that a lock stays what DVC would have written.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from include.pipeline import files
from include.pipeline.git import git

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def locks(folder: Path) -> list[Path]:
    """The lock files of a workspace, relative to it."""
    names = git(folder, "ls-files", "-z", "-co", "--", "dvc.lock", "*/dvc.lock").split("\0")
    return [Path(name) for name in names if name and (folder / name).exists()]


def place_of(stage: str) -> tuple[Path, str]:
    """The lock file of a stage, relative to the repository, and its name in there."""
    file, _, name = stage.rpartition(":")
    return (Path(file).with_name("dvc.lock") if file else Path("dvc.lock")), name or stage


def entry_of(folder: Path, stage: str) -> dict[str, Any]:
    """What the lock says of a stage; empty if nothing."""
    file, name = place_of(stage)
    if not (folder / file).exists():
        return {}
    held = yaml.load((folder / file).read_text(), Loader=LOADER) or {}
    found = (held.get("stages") or {}).get(name)
    return found if isinstance(found, dict) else {}


def lines_of(folder: Path, stage: str) -> str:
    """The lines of a stage in its lock; empty if there are none."""
    file, name = place_of(stage)
    if not (folder / file).exists():
        return ""
    return "".join(parted((folder / file).read_text())[1].get(name, []))


def put(folder: Path, entries: Mapping[str, str]) -> None:
    """Put the lines of stages into their locks, in the place of what is there."""
    for file in sorted({place_of(stage)[0] for stage in entries}):
        text = (folder / file).read_text() if (folder / file).exists() else EMPTY
        head, blocks, rest = parted(text)
        for stage, lines in entries.items():
            if place_of(stage)[0] == file:
                blocks[place_of(stage)[1]] = lines.splitlines(keepends=True)
        write(folder / file, head, blocks, rest)


def put_in_order(run_folder: Path, commit: str, order: Sequence[str]) -> None:
    """List the stages as `dvc repro` would have, whichever of them ended first.

    Entries that the lock had before keep their place, as they do in DVC.

    Args:
        commit: of the run, whose lock is what was there before.
        order: all stages of the graph, in the order of `dvc repro`.
    """
    ranks = {stage: rank for rank, stage in enumerate(order)}
    for path in locks(run_folder):
        old = git(run_folder, "show", f"{commit}:{path}", check=False)
        held = list((yaml.load(old, Loader=LOADER) or {}).get("stages") or {}) if old else []
        head, blocks, rest = parted((run_folder / path).read_text())
        prefix = "" if path.parent == Path() else f"{path.parent.as_posix()}/dvc.yaml:"
        new = sorted(blocks.keys() - set(held), key=lambda n: (ranks.get(prefix + n, 0), n))
        wanted = [name for name in held if name in blocks] + new
        if list(blocks) != wanted:
            write(run_folder / path, head, {name: blocks[name] for name in wanted}, rest)


EMPTY = "schema: '2.0'\nstages:\n"


def parted(text: str) -> tuple[list[str], dict[str, list[str]], list[str]]:
    """The lines of a lock: its head, those of each stage, and what follows the stages."""
    lines = text.splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if line.startswith("stages:")) + 1
    blocks: dict[str, list[str]] = {}
    rest: list[str] = []
    block = rest
    for line in lines[first:]:
        if line[:1] not in (" ", "\n"):
            block = rest
        elif line[:2] == "  " and line[2:3] not in (" ", "-"):
            block = blocks.setdefault(str(next(iter(yaml.safe_load(line)))), [])
        block.append(line)
    return lines[:first], blocks, rest


def write(file: Path, head: list[str], blocks: Mapping[str, list[str]], rest: list[str]) -> None:
    """Write a lock aside, then into its place."""
    lines = [line for block in blocks.values() for line in block]
    files.write(file, "".join([*head, *lines, *rest]))
