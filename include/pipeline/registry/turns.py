"""One writer of a registry at a time, whoever and wherever it is.

Each act moves a ref that is the artifact's own, from what it was when the tags were read, and makes
its tags: in the remote if there is one, all in one push, or none of it. So of two at the same time
one is told that the other was first, and nothing of its act is written.
"""

import json
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.errors import PipelineError, at_most_ten
from include.pipeline.git.command import AUTHOR, git
from include.pipeline.registry.tags import Registry, patterns, prefix, read


class Overtaken(PipelineError):
    """Somebody else has written in the meantime, and nothing was."""


def fetched(repo: Path, artifact: str, remote: str) -> Registry:
    """The registry as the remote has it now, and this clone; as the clone has it without one.

    Tags that the clone has alone stay.
    """
    if remote:
        specs = [f"+{pattern}:{pattern}" for pattern in patterns(artifact)]
        git(repo, "fetch", "--quiet", "--no-tags", "--", remote, *specs)
    return read(repo, artifact)


@dataclass(frozen=True)
class Place:
    """Where the registry of an artifact is written, and as of when it was read."""

    repo: Path
    artifact: str
    remote: str
    turn: str  # what the artifact's own ref was before the tags were read; empty: it was not there

    @classmethod
    def of(cls, repo: Path, artifact: str, remote: str) -> tuple["Place", Registry]:
        """The place, and the registry as it is there.

        Raises:
            PipelineError: this clone has tags that the remote lacks: others know other versions.
        """
        refs = refs_in(repo, remote, artifact)
        registry = fetched(repo, artifact, remote)
        here = git(repo, "for-each-ref", "--format=%(refname)", *patterns(artifact)).split()
        own = [name.removeprefix("refs/tags/") for name in here if name not in refs]
        if remote and own:
            refs = refs_in(repo, remote, artifact)  # another may have written just now
            own = [name for name in own if f"refs/tags/{name}" not in refs]
        if remote and own:
            what = f"{remote} lacks {len(own)} tags of {artifact} that this clone has: "
            fix = f"share them with `git push {remote} TAG ...`, or remove them by `git tag -d`."
            raise PipelineError(f"{what}{at_most_ten(own)}.", fix)
        return cls(repo, artifact, remote, refs.get(turn_of(artifact), "")), registry

    def put(self, tags: Mapping[str, "Tag"]) -> None:
        """Make tags by their names, all of them or none.

        Raises:
            Overtaken: somebody else has written since the registry was read.
        """
        made = {f"refs/tags/{name}": written(self.repo, name, tag) for name, tag in tags.items()}
        ref, last = turn_of(self.artifact), [*made.values()][-1]
        if self.remote:
            try:
                lease = f"--force-with-lease={ref}:{self.turn}"
                specs = [f"{digest}:{name}" for name, digest in {**made, ref: last}.items()]
                words = ("--quiet", "--atomic", "--no-follow-tags", lease)
                git(self.repo, "push", *words, "--", self.remote, *specs)
            except PipelineError as error:
                see_that_written(self, self.remote, made, error)
        lines = [f"create {name} {digest}\n" for name, digest in made.items()]
        turn = "" if self.remote else f" {self.turn or '0' * 40}"
        lines.append(f"update {ref} {last}{turn}\n")
        try:
            git(self.repo, "update-ref", "--stdin", given="".join(lines))
        except PipelineError as error:
            see_that_written(self, "", made, error)


def see_that_written(
    place: Place, remote: str, made: Mapping[str, str], error: PipelineError
) -> None:
    """Say why git did not write, unless it did: a connection may end after a push.

    Raises:
        Overtaken: somebody else has written.
        PipelineError: git's own, if it is for another reason.
    """
    refs = refs_in(place.repo, remote, place.artifact)
    if all(refs.get(name) == digest for name, digest in made.items()):
        return
    turn = refs.get(turn_of(place.artifact), "")
    if turn != place.turn or any(name in refs for name in made):
        raise Overtaken("Somebody else was first.", "read the registry again.") from None
    raise error


def refs_in(repo: Path, remote: str, artifact: str) -> dict[str, str]:
    """The refs of an artifact in a remote, or in this clone, and their hashes."""
    wanted = (*patterns(artifact), turn_of(artifact))
    if remote:
        listed = git(repo, "ls-remote", "--refs", "--", remote, *wanted)
    else:
        listed = git(repo, "for-each-ref", "--format=%(objectname)%09%(refname)", *wanted)
    pairs = (line.split("\t") for line in listed.split("\n") if line)
    return {name: digest for digest, name in pairs}


def turn_of(artifact: str) -> str:
    """The ref that each act moves."""
    return f"refs/leeway/registry/{prefix(artifact)}"


@dataclass(frozen=True)
class Tag:
    """A tag that is to be made."""

    commit: str
    said: str  # for people
    held: dict[str, Any]  # for programs
    moment: int  # in seconds since 1970


def moment_after(registry: Registry) -> int:
    """Now, or a second after the last act: gto knows by the time alone which was the last."""
    last = registry.acts[-1].at.timestamp() if registry.acts else 0
    return max(int(time.time()), int(last) + 1)


def written(repo: Path, name: str, tag: Tag) -> str:
    """The hash of a tag, which has no name in the repository as yet; no two are the same."""
    held = json.dumps({**tag.held, "act": str(uuid.uuid4())}, default=str)
    by = f"{author(repo)} {tag.moment} +0000"
    head = [f"object {tag.commit}", "type commit", f"tag {name}", f"tagger {by}"]
    return git(repo, "mktag", given="\n".join([*head, "", tag.said, "", held, ""]))


def author(repo: Path) -> str:
    """Who acts, as a tag has it."""
    known = re.match(r"(.+) <(.+)> ", git(repo, "var", "GIT_COMMITTER_IDENT", check=False))
    held = known.groups() if known else (AUTHOR["GIT_AUTHOR_NAME"], AUTHOR["GIT_AUTHOR_EMAIL"])
    name, mail = (re.sub(r"[<>\s]+", " ", text).strip() for text in held)
    return f"{name or 'Leeway'} <{mail}>"
