"""What lockfiles say of stages: read, compared, written, and put back."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from .orders import Entry
from .stages import files_read, outs_around


def entry_of(stage: Any) -> Entry:
    """What the lockfile says of a stage; empty if nothing, or if it is of a .dvc file."""
    return entries_of([stage])[stage.addressing]


def entries_of(stages: Iterable[Any]) -> dict[str, Entry]:
    """What lockfiles say of stages. Each is read once: DVC would read it for each stage."""
    files, found = dict[str, Any](), dict[str, Entry]()
    for stage in stages:
        held: Any = {}
        if stage.cmd:
            path = stage.dvcfile._lockfile.path
            if path not in files:
                files[path] = stage.dvcfile.lockfile_contents.get("stages") or {}
            held = files[path].get(stage.name)
        found[stage.addressing] = dict(held or {})
    return found


def write_entries(stages: Mapping[Any, Entry]) -> None:
    """Let lockfiles say of stages what other runs' did, as DVC writes it; nothing, if empty."""
    from dvc.utils.serialize import modify_yaml

    files = {stage.dvcfile._lockfile.path for stage in stages}
    for file in sorted(files):
        with modify_yaml(file) as held:
            held.setdefault("schema", "2.0")
            held.setdefault("stages", {})
            for stage, entry in stages.items():
                if stage.dvcfile._lockfile.path == file:
                    held["stages"][stage.name] = entry
                    if not entry:
                        del held["stages"][stage.name]


def take_over(stage: Any, entry: Entry) -> None:
    """Let a stage, and the lockfile, be what another run's said."""
    fill(stage, entry)
    write_entries({stage: entry})
    stage.dvcfile._reset()


def fill(stage: Any, entry: Entry) -> None:
    """Let a stage be what an entry says."""
    from dvc.stage.loader import StageLoader

    StageLoader.fill_from_lock(stage, entry or {"cmd": None})
    stage.cmd_changed = bool(entry) and entry.get("cmd") != stage.cmd
    for out in stage.outs:
        out.obj = None


def as_read(stage: Any, entry: Entry) -> Entry:
    """An entry of which DVC found that nothing changed since, with the params as their files are.

    What a file has twice by an anchor is one and the same there, and DVC writes an anchor for it;
    where an entry was kept as JSON, it is two.
    """
    if "params" not in entry:
        return entry
    read = {str(dep.def_path): dep.read_params() for dep in stage.params}
    params = {
        file: {name: read.get(file, {}).get(name, value) for name, value in held.items()}
        for file, held in entry["params"].items()
    }
    return {**entry, "params": params}


def put_back(stage: Any, begin: Entry | None) -> None:
    """Let the lockfile say what it said of a stage as the run began, whatever a step wrote."""
    if begin is None or as_json(entry_of(stage)) == as_json(begin):
        return
    print(
        f"the lockfile's entry of {stage.addressing!r} is as the run began: a step changed it",
        flush=True,
    )
    take_over(stage, begin)


def as_json(entry: Entry) -> str:
    """An entry, to be compared with one that came by way of JSON."""
    return json.dumps(entry, sort_keys=True, default=str)


def made_from(repo: Any, stage: Any) -> dict[str, str]:
    """The stages whose outs a stage reads, and what they have made by now."""
    outs = [out for dep in files_read(stage) for out in outs_around(repo, dep.fs_path)]
    before = {out.stage.addressing: out.stage for out in outs if out.stage is not stage}
    return {name: made_by(other) for name, other in sorted(before.items())}


def made_by(stage: Any) -> str:
    """A hash of what the lockfile says that a stage made."""
    outs = sorted((out.def_path, str(out.hash_info.value)) for out in stage.outs)
    return hashlib.sha256(json.dumps(outs).encode()).hexdigest()[:24]
