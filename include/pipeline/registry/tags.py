"""The tags of an artifact, read from git: no server is asked, and no DVC is needed."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from include.errors import PipelineError, at_most_ten, did_you_mean
from include.pipeline.git.command import git

STAGES = ("challenger", "champion")
FIELDS = ("refname:strip=2", "objectname", "*objectname", "creatordate:unix", "taggername")
NUMBER = r"(0|[1-9]\d*)"
VERSION = re.compile(rf"v{NUMBER}\.{NUMBER}\.{NUMBER}")


@dataclass(frozen=True)
class Version:
    """A registered version: a commit, and the name that it has from then on."""

    name: str  # v0.0.3
    commit: str
    at: datetime
    by: str


@dataclass(frozen=True)
class Act:
    """A version takes a stage, or leaves it."""

    number: int  # acts of an artifact are counted: the greatest is the last
    stage: str
    version: str
    leaves: bool
    at: datetime
    by: str


@dataclass(frozen=True)
class Registry:
    """All versions of an artifact in the order of their numbers, and all acts in theirs."""

    repo: Path
    artifact: str  # as gto names it: models, or folder:models of folder/dvc.yaml
    versions: tuple[Version, ...] = ()
    acts: tuple[Act, ...] = ()

    @cached_property
    def by_name(self) -> dict[str, Version]:
        """The versions by their names."""
        return {version.name: version for version in self.versions}

    def version(self, name: str) -> Version:
        """The version of a name.

        Raises:
            PipelineError: there is none.
        """
        if name not in self.by_name:
            what = f"{self.artifact} has no version {name!r}.{did_you_mean(name, self.by_name)}"
            names = [version.name for version in reversed(self.versions)]
            raise PipelineError(what, f"name one of {at_most_ten(names) or 'those you register'}.")
        return self.by_name[name]

    def live(self, stage: str = "champion", on: datetime | None = None) -> Version | None:
        """The version that has a stage, or had it at a moment; None if none has."""
        acts = [a for a in self.acts if a.stage == stage and (on is None or a.at <= on)]
        return None if not acts or acts[-1].leaves else self.by_name[acts[-1].version]

    def before(self, stage: str = "champion") -> Version | None:
        """The version that had a stage before the one that has it now first had it.

        So one rollback after another goes back in time, and never to what was rolled back.
        """
        now = self.live(stage)
        held = [act.version for act in self.acts if act.stage == stage and not act.leaves]
        earlier = held if now is None else held[: held.index(now.name)]
        return self.by_name[earlier[-1]] if earlier else None

    def stages(self, version: Version) -> list[str]:
        """The stages that a version has now."""
        return [stage for stage in STAGES if self.live(stage) == version]

    def made(self, version: Version) -> dict[str, Any]:
        """What DVC knew of a version when it was registered; empty if nobody wrote it down."""
        return self.told(f"@{version.name}")

    def because(self, act: Act) -> str:
        """Why a version took a stage, or left it."""
        left = "!" if act.leaves else ""
        return str(self.told(f"#{act.stage}{left}#{act.number}").get("because", ""))

    def told(self, tag: str) -> dict[str, Any]:
        """What one tag holds for programs; nothing if gto or a person made it."""
        name = f"refs/tags/{self.artifact.replace(':', '=')}{tag}"
        return held_in(git(self.repo, "for-each-ref", "--format=%(contents:body)", name))


def held_in(text: str) -> dict[str, Any]:
    """What the text of a tag holds for programs."""
    try:
        held = json.loads(text.strip() or "{}")
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}


@dataclass
class Found:
    """What the tags of one artifact say, while they are read."""

    versions: list[Version] = field(default_factory=list)
    acts: list[tuple[int, str, str, bool, datetime, str]] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)  # commits, and versions that were deregistered


def read(repo: Path, artifact: str) -> Registry:
    """The registry of an artifact, as the tags of this clone have it."""
    name, found = artifact.replace(":", "="), Found()
    patterns = (f"refs/tags/{name}@*", f"refs/tags/{name}#*")
    form = "%00".join(f"%({part})" for part in FIELDS)
    for line in git(repo, "for-each-ref", f"--format={form}", *patterns).splitlines():
        tag, own, commit, moment, by = line.split("\0")
        at = datetime.fromtimestamp(int(moment or 0), UTC)
        take(found, tag.removeprefix(name), commit or own, at, by)
    versions = sorted((v for v in found.versions if v.name not in found.gone), key=order)
    of = {version.commit: version.name for version in versions}
    acts = sorted(act for act in found.acts if act[2] in of)
    return Registry(
        repo,
        artifact,
        tuple(versions),
        tuple(Act(n, stage, of[sha], leaves, at, by) for n, stage, sha, leaves, at, by in acts),
    )


def take(found: Found, tag: str, commit: str, at: datetime, by: str) -> None:
    """Take what one tag says; one that is none of gto's says nothing."""
    if registers := re.fullmatch(rf"@({VERSION.pattern})(!(?:#\d+)?)?", tag):
        if registers[5]:
            found.gone.add(registers[1])
        else:
            found.versions.append(Version(registers[1], commit, at, by))
    elif acts := re.fullmatch(r"#([a-zA-Z0-9/_-]+)(!?)(?:#(\d+))?", tag):
        found.acts.append((int(acts[3] or 0), acts[1], commit, bool(acts[2]), at, by))


def order(version: Version) -> tuple[int, ...]:
    """Where a version comes among others."""
    return tuple(map(int, version.name[1:].split(".")))


def used(registry: Registry, what: str) -> dict[str, list[str]]:
    """The versions that were made from some data, and the files that hold it.

    Args:
        what: a hash or the beginning of one, or the path of a file or folder.
    """
    found, prefix = {}, f"{registry.artifact.replace(':', '=')}@"
    form = "--format=%(refname:strip=2)%00%(contents:body)%01"
    for entry in git(registry.repo, "for-each-ref", form, f"refs/tags/{prefix}*").split("\1"):
        tag, _, text = entry.strip().partition("\0")
        name = tag.removeprefix(prefix)
        if name not in registry.by_name or what.rstrip("/") not in text:
            continue
        held = [
            path
            for path, digest in held_in(text).get("files", {}).items()
            if path == what.rstrip("/") or (len(what) >= SHORTEST and digest.startswith(what))
        ]
        if held:
            found[name] = held
    return {name: found[name] for name in registry.by_name if name in found}


SHORTEST = 6  # letters of a hash that may stand for it
