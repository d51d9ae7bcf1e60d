"""What changed since the last good run: two dvc.lock side by side, sorted by what kind of thing."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from include.assistant.investigator.evidence import Run, Stage
from include.assistant.investigator.facts import ChangeFact, Kind

ENVIRONMENT = re.compile(
    r"(^|/)(environments?/|requirements[^/]*\.txt$|environment\.ya?ml$|[^/]*\.lock$|Dockerfile)"
)
LIMIT = re.compile(r"(?:^|[.:])([^.:]+)_(min|max)$")  # how settings name the limits of checks
DATA = frozenset({".csv", ".tsv", ".parquet", ".json", ".jsonl", ".zip", ".gz", ".npy", ".txt"})
LONGEST = 160  # letters of a value that is shown
SHIFTING = ("params", "data", "command")  # what may be another each time
Stages = Mapping[str, Stage]


def stages_of(locks: Mapping[str, Any]) -> dict[str, Stage]:
    """The stages of a repository, of its lockfiles by folder ("" for the root).

    A stage of a folder is called FOLDER/dvc.yaml:NAME, as DVC does.
    """
    found = {}
    for folder, lock in sorted(locks.items()):
        stages = lock.get("stages") if isinstance(lock, dict) else None
        for name, held in mapped(stages).items():
            full = f"{folder}/dvc.yaml:{name}" if folder else str(name)
            found[full] = stage_of(mapped(held), folder)
    return found


def stage_of(held: Mapping[str, Any], folder: str) -> Stage:
    """One stage of a lockfile, with paths from the root."""
    params: dict[str, str] = {}
    for file, values in mapped(held.get("params")).items():
        prefix = f"{placed(str(file), folder)}:" if folder else ""
        params |= {f"{prefix}{name}": text for name, text in flat(values or {})}
    return Stage(
        command=" ".join(str(held.get("cmd", "")).split()),
        deps=hashes(held.get("deps"), folder),
        params=params,
        outs=hashes(held.get("outs"), folder),
    )


def mapped(held: object) -> Mapping[Any, Any]:
    """What stands there by name; nothing, where a lockfile holds anything else."""
    return held if isinstance(held, Mapping) else {}


def hashes(entries: object, folder: str) -> dict[str, str]:
    """Path to hash, of what a stage reads or writes."""
    some = entries if isinstance(entries, list) else []
    return {
        placed(str(one["path"]), folder): str(one.get("md5") or one.get("etag") or "")
        for one in some
        if isinstance(one, dict) and "path" in one
    }


def placed(path: str, folder: str) -> str:
    """A path from the root, of one that is seen from a folder."""
    parts: list[str] = []
    for part in PurePosixPath(folder, path).parts:
        if part == ".." and parts:
            parts.pop()
        elif part != "..":
            parts.append(part)
    return "/".join(parts)


def flat(values: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Settings by dotted name, each as JSON."""
    if isinstance(values, Mapping) and values:
        for name, inner in sorted(values.items()):
            yield from flat(inner, f"{prefix}.{name}" if prefix else str(name))
    else:
        yield prefix, json.dumps(values, default=str)


def changes(
    now: Run, good: Run, before: Run | None, reports: set[str], tag: str
) -> list[ChangeFact]:
    """What the stages of a run were made from that is not as in a good one.

    Args:
        before: the good run before that one: what changed from it as well is usual.
        reports: paths of what the run reported: what they come from is upstream.
    """
    above = upstream(now.stages, reports)
    known = before is not None and bool(before.stages)
    past = all_of(good.stages, before.stages, above, tag) if before and known else []
    usual = {one.id for one in past if one.kind in SHIFTING}
    makers = reporting(now.stages, reports)
    found = [
        change.model_copy(update={"tightens": tightened(change)})
        if change.stage in makers
        else change
        for change in all_of(now.stages, good.stages, above, tag)
    ]
    return sorted((as_usual(one) if one.id in usual else one for one in found), key=order)


def reporting(stages: Stages, reports: set[str]) -> set[str]:
    """The stages that made some reports."""
    return {stage for stage, one in stages.items() if any(made(p, one.outs) for p in reports)}


def tightened(change: ChangeFact) -> str:
    """The check that a setting holds to a narrower limit, by its name: NAME_min or NAME_max."""
    limit = LIMIT.search(change.name) if change.kind == "params" else None
    try:
        more = float(change.after) - float(change.before)
    except ValueError:  # as where it was not there before
        return ""
    return limit[1] if limit and (more > 0 if limit[2] == "min" else more < 0) else ""


def as_usual(change: ChangeFact) -> ChangeFact:
    """A change of something that is another each time."""
    said = f"{change.said} So it does from run to run."
    return change.model_copy(update={"said": said, "usual": True, "telling": False})


def order(change: ChangeFact) -> tuple[bool, bool, bool, bool, str]:
    """Where a change stands: causes of the report first."""
    follows = change.kind == "data"
    return not change.upstream, change.usual, not change.root, follows, change.id


def all_of(now: Stages, good: Stages, above: set[str], tag: str) -> list[ChangeFact]:
    """What changed of all stages."""
    return [
        change
        for stage in sorted({*now, *good})
        for change in of_stage(stage, now, good, stage in above, tag)
    ]


def upstream(stages: Stages, reports: set[str]) -> set[str]:
    """The stages that some reports are made from; all, if nobody knows.

    The stage that reports is none: what it does differently is told otherwise, and no cause.
    """
    makers = reporting(stages, reports)
    found: set[str] = set()
    waiting = [*makers]
    while waiting:
        paths = stages[waiting.pop()].deps
        above = {name for name, one in stages.items() if any(made(p, one.outs) for p in paths)}
        waiting += above - found
        found |= above
    return found - makers if makers else {*stages}


def made(path: str, outs: Mapping[str, str]) -> bool:
    """Whether a path is one of some outs, or lies in one, or holds one."""
    return any(path == out or inside(path, out) or inside(out, path) for out in outs)


def inside(path: str, folder: str) -> bool:
    """Whether a path lies in a folder."""
    return path.startswith(f"{folder}/")


def of_stage(stage: str, now: Stages, good: Stages, above: bool, tag: str) -> Iterator[ChangeFact]:
    """What changed of one stage."""
    new, old = now.get(stage, Stage()), good.get(stage, Stage())

    def fact(kind: Kind, name: str, before: str, after: str, root: bool = True) -> ChangeFact:
        told = f"{KINDS[kind]} {name}".strip()
        return ChangeFact(
            id=f"change:{tag}{stage}:{kind}:{name}",
            said=f"Of the stage {stage}, {told} was {cut(before)}, and is {cut(after)}.",
            stage=stage,
            kind=kind,
            name=name,
            before=cut(before),
            after=cut(after),
            root=root,
            upstream=above,
            usual=False,
            telling=above and root,
        )

    if new.command != old.command:
        yield fact("command", "", old.command, new.command)
    for name in differing(old.params, new.params):
        yield fact("params", name, old.params.get(name, ""), new.params.get(name, ""))
    for path in differing(old.deps, new.deps):
        kind = kind_of(path, now)
        root = not any(changed(s, now, good) for s in makers_of(path, now))
        yield fact(kind, path, old.deps.get(path, ""), new.deps.get(path, ""), root)
    if not changed(stage, now, good):
        for path in differing(old.outs, new.outs):  # the source itself: nothing of ours changed
            yield fact("data", path, old.outs.get(path, ""), new.outs.get(path, ""))


KINDS: dict[Kind, str] = {
    "command": "the command",
    "params": "the setting",
    "code": "the code",
    "environment": "the environment",
    "data": "the data",
}


def changed(stage: str, now: Stages, good: Stages) -> bool:
    """Whether anything that a stage was made from changed."""
    new, old = now.get(stage, Stage()), good.get(stage, Stage())
    return (new.command, new.deps, new.params) != (old.command, old.deps, old.params)


def makers_of(path: str, stages: Stages) -> list[str]:
    """The stages that made a path."""
    return [stage for stage, one in stages.items() if made(path, one.outs)]


def differing(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """The names whose values are not the same, or that only one has."""
    return [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]


def kind_of(path: str, stages: Stages) -> Kind:
    """What kind of thing a dep is, by what makes it and by its name."""
    if makers_of(path, stages):
        return "data"
    if ENVIRONMENT.search(path):
        return "environment"
    return "data" if PurePosixPath(path).suffix in DATA else "code"


def cut(text: str) -> str:
    """A value that is not too long; a word for none."""
    return (text if len(text) <= LONGEST else f"{text[:LONGEST]}...") or "absent"
