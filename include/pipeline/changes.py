"""What two runs were made from that differs: their params, their sources, and what they made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from include.pipeline.git.command import git, parts
from include.pipeline.lockfile import FILE, LOADER

LOCK = "dvc.lock"
HASHES = ("md5", "checksum", "etag")  # of files, and of what lies elsewhere
SHOWN = 10  # letters of a hash


@dataclass(frozen=True)
class Locked:
    """The hashes that the lockfiles of a commit hold, by path, and the stage of each out."""

    deps: dict[str, str] = field(default_factory=dict)
    outs: dict[str, str] = field(default_factory=dict)
    makers: dict[str, str] = field(default_factory=dict)


def locked(repo: Path, commit: str) -> Locked:
    """What the lockfiles of an experiment say; nothing of one that is not here."""
    names = parts(repo, "ls-tree", "-r", "-z", "--name-only", commit) if commit else []
    found = Locked()
    for name in names:
        if name.rsplit("/", 1)[-1] == LOCK:
            add(found, name[: -len(LOCK)], stages_in(git(repo, "show", f"{commit}:./{name}")))
    return found


def add(found: Locked, folder: str, stages: Mapping[str, Any]) -> None:
    """Add the entries of one lockfile."""
    for stage, entry in stages.items():
        for item in items(entry, "deps"):
            found.deps[folder + str(item.get("path"))] = hash_of(item)
        for item in items(entry, "outs"):
            path = folder + str(item.get("path"))
            found.outs[path] = hash_of(item)
            found.makers[path] = f"{folder}{FILE}{stage}" if folder else stage


def items(entry: Any, kind: str) -> list[dict[str, Any]]:
    """The deps or the outs of a stage, as far as they can be read."""
    held = entry.get(kind) if isinstance(entry, dict) else None
    return [item for item in held if isinstance(item, dict)] if isinstance(held, list) else []


def hash_of(item: Mapping[str, Any]) -> str:
    """The hash of a dep or an out, whatever kind it is of."""
    return str(next((item[kind] for kind in HASHES if item.get(kind)), ""))


def stages_in(text: str) -> dict[str, Any]:
    """The stages of a lockfile; none of one that cannot be read."""
    try:
        held = yaml.load(text, LOADER)
    except yaml.YAMLError:
        return {}
    stages = held.get("stages") if isinstance(held, dict) else None
    return stages if isinstance(stages, dict) else {}


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What differs, by name: as it was and as it is; None where it was absent."""
    names = sorted(before.keys() | after.keys())
    found = {name: (before.get(name), after.get(name)) for name in names}
    return {name: pair for name, pair in found.items() if pair[0] != pair[1]}


def sources(before: Locked, after: Locked) -> dict[str, tuple[str, str]]:
    """The deps that no stage makes and that are not as they were: code, and data from outside."""
    held = [{p: md5 for p, md5 in one.deps.items() if not made(one, p)} for one in (before, after)]
    return {name: (short(old), short(new)) for name, (old, new) in changed(*held).items()}


def made(held: Locked, path: str) -> bool:
    """Whether a stage makes what is at a path, or a folder that it lies in."""
    return any(path == out or path.startswith(f"{out}/") for out in held.outs)


def short(md5: str | None) -> str:
    """The beginning of a hash."""
    return md5[:SHOWN] if md5 else "-"


def made_anew(before: Locked, after: Locked) -> list[str]:
    """The stages whose results are not as they were."""
    paths = changed(before.outs, after.outs)
    return sorted({after.makers[path] for path in paths if path in after.makers})
