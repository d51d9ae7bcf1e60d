"""What an earlier run made of the same, or of what is nearest, where the lockfile has another."""

import json
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

from .entries import as_read, entry_of, fill, take_over
from .orders import Entry
from .stages import files_read


def recall(stage: Any, file: str | None) -> None:
    """Take over what an earlier run made of the same, where the lockfile says something else.

    What the lockfile says and DVC finds unchanged stays. A stage that has to run begins where the
    nearest earlier run ended: it goes on with the folders that it keeps.

    Args:
        file: what earlier runs made of this stage, the first of what is equally near first.
    """
    if not file or not Path(file).exists() or not stage.changed(allow_missing=True):
        return
    held: list[Entry] = json.loads(Path(file).read_text())
    first = entry_of(stage)
    for entry in held:
        fill(stage, entry)
        if not stage.changed(allow_missing=True) and stage_is_cached(stage):
            return take_over(stage, as_read(stage, entry))
    take_over(stage, nearest([*held, *filter(None, [first])], wanted(stage)))


def stage_is_cached(stage: Any) -> bool:
    """Whether every out can be had: from the cache, or as git has it."""
    return all(
        not (out.changed_cache() if out.use_cache else out.workspace_status()) for out in stage.outs
    )


def wanted(stage: Any) -> Entry:
    """What a stage is made from now, as far as it is known: command, params and deps."""
    params = {str(dep.def_path): dep.read_params() for dep in stage.params}
    deps = [dep for dep in files_read(stage) if not hasattr(dep, "params") and dep.exists]
    hashes = [{"path": dep.def_path, "md5": dep.get_hash().value} for dep in deps]
    return {"cmd": stage.cmd, "params": params, "deps": hashes}


def nearest(held: Sequence[Entry], to: Entry) -> Entry:
    """The entry that differs least: in deps, then in params, then by the last value not above.

    Of those that are equally near, the first.

    So a run of one more month begins with the month before, whatever ran since.
    """
    target = inputs_of(to)
    differing = [{k for k, v in target.items() if inputs_of(entry).get(k) != v} for entry in held]

    def rank(names: Set[str]) -> tuple[int, int]:
        params = sum(name.startswith("param ") for name in names)
        return len(names) - params, params

    least, names = min(map(rank, differing)), set[str]().union(*differing)
    pairs = zip(held, differing, strict=True)
    left = [entry for entry, others in pairs if rank(others) == least]
    for name in sorted(names):
        kind = type(target[name])
        values: list[Any] = [v for entry in left if type(v := inputs_of(entry).get(name)) is kind]
        if kind in (int, float, str) and values:
            below = [value for value in values if value <= target[name]]
            best = max(below) if below else min(values)
            left = [entry for entry in left if inputs_of(entry).get(name) == best]
    return left[0]


def inputs_of(entry: Entry) -> dict[str, Any]:
    """What an entry says that a stage was made from, each part by its name."""
    found: dict[str, Any] = {"cmd": [entry.get("cmd")]}
    found |= {f"dep {dep['path']}": [dep.get("md5")] for dep in entry.get("deps", [])}
    for file, values in entry.get("params", {}).items():
        found |= values_in(values, f"param {file}:")
    return found


def values_in(values: dict[str, Any], before: str) -> dict[str, Any]:
    """The values of params by their dotted names: a param may be a whole section."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        inner = isinstance(value, dict)
        found |= values_in(value, f"{before}{name}.") if inner else {f"{before}{name}": value}
    return found
