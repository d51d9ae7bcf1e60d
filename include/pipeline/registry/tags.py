"""The tags of an artifact, read from git: no server is asked, and no DVC is needed.

Long because each kind of tag, and each tag that somebody made by hand, is a case of one reading.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from include.errors import PipelineError, at_most_ten, did_you_mean
from include.pipeline.git.command import git

STAGES = ("challenger", "champion")
# A tag with a text is an object of its own, and what it is of has a star.
FIELDS = (
    *("refname:strip=2", "objecttype", "objectname", "*objecttype", "*objectname"),
    *("creatordate:unix", "taggername", "contents:subject"),
)
NUMBER = r"(0|[1-9]\d*)"
VERSION = re.compile(rf"v{NUMBER}\.{NUMBER}\.{NUMBER}")
AGAIN = " again"  # how the text of a rollback ends
SHORTEST = 6  # letters of a hash that may stand for it


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
    again: bool  # it is a rollback
    at: datetime
    by: str
    tag: str


@dataclass(frozen=True)
class Registry:
    """All versions of an artifact in the order of their numbers, and all acts in theirs."""

    repo: Path
    artifact: str  # as gto names it: models, or folder:models of folder/dvc.yaml
    versions: tuple[Version, ...] = ()
    strangers: tuple[Version, ...] = ()  # had a stage, and are no versions, or no more
    acts: tuple[Act, ...] = ()
    names: frozenset[str] = frozenset()  # of versions, also of those that are none any more

    @cached_property
    def by_name(self) -> dict[str, Version]:
        """The versions by their names."""
        return {version.name: version for version in (*self.strangers, *self.versions)}

    @property
    def last(self) -> int:
        """The number of the last act; 0 before the first."""
        return self.acts[-1].number if self.acts else 0

    def version(self, name: str) -> Version:
        """The version of a name.

        Raises:
            PipelineError: there is none.
        """
        names = [version.name for version in reversed(self.versions)]
        if name not in names:
            what = f"{self.artifact} has no version {name!r}.{did_you_mean(name, names)}"
            raise PipelineError(what, f"name one of {at_most_ten(names) or 'those you register'}.")
        return self.by_name[name]

    def live(self, stage: str = "champion", on: datetime | None = None) -> Version | None:
        """The version that has a stage, or had it at a moment; None if none has."""
        held: dict[str, None] = {}  # in the order in which they took it
        for act in self.acts:
            if act.stage == stage and (on is None or act.at <= on):
                held.pop(act.version, None)
                if not act.leaves:
                    held[act.version] = None
        return self.by_name[[*held][-1]] if held else None

    def before(self, stage: str = "champion") -> Version | None:
        """The version to go back to: a rollback takes back the last promotion that is left."""
        held: list[str] = []
        for act in self.acts:
            if act.stage != stage:
                continue
            if act.leaves:
                held = [name for name in held if name != act.version]
            elif act.again and act.version in held:
                del held[len(held) - held[::-1].index(act.version) :]
            elif held[-1:] != [act.version]:
                held.append(act.version)
        now = self.live(stage)
        earlier = held[:-1] if now else held
        return self.by_name[earlier[-1]] if earlier else None

    def stages(self, version: Version) -> list[str]:
        """The stages that a version has now."""
        return [stage for stage, held in self.now.items() if held == version]

    @cached_property
    def now(self) -> dict[str, Version | None]:
        """The version that has each stage."""
        return {stage: self.live(stage) for stage in STAGES}

    def made(self, version: Version) -> dict[str, Any]:
        """What DVC knew of a version when it was registered; empty if nobody wrote it down."""
        return next((held_in(text) for _, text in self.texts(f"@{version.name}")), {})

    def reasons(self) -> dict[str, str]:
        """Why each act was done, by its tag."""
        return {tag: str(held_in(text).get("because", "")) for tag, text in self.texts("#*")}

    def texts(self, pattern: str) -> Iterator[tuple[str, str]]:
        """Tags, and their texts for programs."""
        form = "--format=%(refname:strip=2)%00%(contents:body)%01"
        place = f"refs/tags/{prefix(self.artifact)}{pattern}"
        for entry in git(self.repo, "for-each-ref", form, place).split("\1"):
            tag, found, text = entry.strip().partition("\0")
            if found:
                yield tag, text


def held_in(text: str) -> dict[str, Any]:
    """What the text of a tag holds for programs; nothing if gto or a person made it."""
    try:
        held = json.loads(text.strip() or "{}")
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}


@dataclass
class Found:
    """What the tags of one artifact say, while they are read."""

    versions: list[Version] = field(default_factory=list)
    acts: list[tuple[int, str, Act]] = field(default_factory=list)  # number, commit
    gone: set[str] = field(default_factory=set)  # versions that were deregistered


def read(repo: Path, artifact: str) -> Registry:
    """The registry of an artifact, as the tags of this clone have it."""
    found = Found()
    form = "%00".join(f"%({part})" for part in FIELDS)
    for line in git(repo, "for-each-ref", f"--format={form}", *patterns(artifact)).split("\n"):
        if line.count("\0") == len(FIELDS) - 1:
            take(found, prefix(artifact), line.split("\0"))
    kept = (version for version in found.versions if version.name not in found.gone)
    versions = sorted(kept, key=lambda version: numbers(version.name))
    of = {version.commit: version.name for version in versions}
    acts = sorted(found.acts, key=lambda entry: (entry[0], entry[2].tag))
    strangers = {
        sha: Version(f"{sha[:10]} (not registered)", sha, act.at, act.by)
        for _, sha, act in acts
        if sha not in of
    }
    of |= {sha: version.name for sha, version in strangers.items()}
    return Registry(
        repo,
        artifact,
        tuple(versions),
        tuple(strangers.values()),
        tuple(Act(**{**vars(act), "version": of[sha]}) for _, sha, act in acts),
        frozenset(version.name for version in found.versions) | found.gone,
    )


def take(found: Found, artifact: str, fields: list[str]) -> None:
    """Take what one tag says; one that is none of gto's, or of no commit, says nothing."""
    tag, kind, own, kind_of, of, moment, by, subject = fields
    if "commit" not in (kind, kind_of):
        return
    commit, at = of or own, datetime.fromtimestamp(int(moment or 0), UTC)
    rest = tag.removeprefix(artifact)
    if registers := re.fullmatch(rf"@({VERSION.pattern})(!(?:#\d+)?)?", rest):
        if registers[5]:
            found.gone.add(registers[1])
        else:
            found.versions.append(Version(registers[1], commit, at, by))
    elif acts := re.fullmatch(r"#([a-zA-Z0-9/_-]+)(!?)(?:#(\d+))?", rest):
        number, again = int(acts[3] or 0), subject.endswith(AGAIN)
        act = Act(number, acts[1], "", bool(acts[2]), again, at, by, tag)
        found.acts.append((number, commit, act))


def prefix(artifact: str) -> str:
    """How the names of an artifact's tags begin."""
    return artifact.replace(":", "=")


def patterns(artifact: str) -> list[str]:
    """What the tags of an artifact are called."""
    return [f"refs/tags/{prefix(artifact)}{sign}*" for sign in "@#"]


def numbers(name: str) -> tuple[int, ...]:
    """The numbers of a version's name, by which it comes among others."""
    return tuple(map(int, name[1:].split(".")))


def used(registry: Registry, what: str) -> dict[str, list[str]]:
    """The versions that were made from some data, and the files that hold it.

    Args:
        what: a hash or the beginning of one, or the path of a file or folder.
    """
    path, digest = os.path.normpath(what), what.lower() if len(what) >= SHORTEST else ""
    signs, found = (json.dumps(path)[1:-1], digest or "\0"), {}
    begin = f"{prefix(registry.artifact)}@"
    for tag, text in registry.texts("@*"):
        name = tag.removeprefix(begin)
        if name not in registry.by_name or not any(sign in text for sign in signs):
            continue
        files = held_in(text).get("files", {})
        held = [
            one
            for one, its in (files.items() if isinstance(files, dict) else ())
            if one == path or (digest and str(its).startswith(digest))
        ]
        if held:
            found[name] = held
    return {name: found[name] for name in registry.by_name if name in found}
