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
from include.pipeline.git.refs import refs_in
from include.pipeline.registry.tags import Registry, patterns, prefix, read


class Overtaken(PipelineError):
    """Somebody else has written in the meantime, and nothing was."""


def remote_of(repo: Path) -> str:
    """The remote that is asked and written to, if nobody names another; empty if there is none."""
    return "origin" if "origin" in git(repo, "remote").split() else ""


def fetched(repo: Path, artifact: str, remote: str, *, prompt: bool = True) -> Registry:
    """The registry as the remote has it now, and this clone; as the clone has it without one.

    Tags that the clone has alone stay.

    Args:
        prompt: whether git may ask a person for a password.
    """
    env = None if prompt else {"GIT_TERMINAL_PROMPT": "0"}
    if remote:
        specs = [f"+{pattern}:{pattern}" for pattern in patterns(artifact)]
        git(repo, "fetch", "--quiet", "--no-tags", "--", remote, *specs, env=env)
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
        refs = refs_of(repo, remote, artifact)
        turn, registry = refs.get(turn_of(artifact), ""), fetched(repo, artifact, remote)
        own = refs_in(repo, "", *patterns(artifact)).keys() - refs.keys()
        if own:  # or somebody has written just now, and they were fetched
            own -= refs_of(repo, remote, artifact).keys()
        if own:
            names = sorted(name.removeprefix("refs/tags/") for name in own)
            what = f"{remote} lacks {len(own)} tags of {artifact} that this clone has: "
            fix = f"share them with `git push {remote} TAG ...`, or remove them by `git tag -d`."
            raise PipelineError(f"{what}{at_most_ten(names)}.", fix)
        return cls(repo, artifact, remote, turn), registry

    def put(self, tags: Mapping[str, "Tag"]) -> None:
        """Make tags by their names, all of them or none.

        Raises:
            Overtaken: somebody else has written since the registry was read.
        """
        made = {f"refs/tags/{name}": written(self.repo, name, tag) for name, tag in tags.items()}
        try:
            (self.push if self.remote else self.create)(made)
        except PipelineError as error:
            self.see_that_written(made, error)
        if self.remote:
            update(self.repo, [f"update {name} {digest}" for name, digest in made.items()])

    def push(self, made: Mapping[str, str]) -> None:
        """Make tags in the remote, if nobody has moved the artifact's own ref."""
        ref = turn_of(self.artifact)
        words = ("--quiet", "--atomic", "--no-follow-tags", f"--force-with-lease={ref}:{self.turn}")
        specs = [f"{digest}:{name}" for name, digest in {**made, ref: last_of(made)}.items()]
        git(self.repo, "push", *words, "--", self.remote, *specs)

    def create(self, made: Mapping[str, str]) -> None:
        """Make tags in this clone, if nobody has moved the artifact's own ref."""
        lines = [f"create {name} {digest}" for name, digest in made.items()]
        moves = f"update {turn_of(self.artifact)} {last_of(made)} {self.turn or '0' * 40}"
        update(self.repo, [*lines, moves])

    def see_that_written(self, made: Mapping[str, str], error: PipelineError) -> None:
        """Say why git did not write, unless it did: a connection may end after a push.

        Raises:
            Overtaken: somebody else has written.
            PipelineError: git's own, if it is for another reason.
        """
        refs = refs_of(self.repo, self.remote, self.artifact)
        if all(refs.get(name) == digest for name, digest in made.items()):
            return
        turn = refs.get(turn_of(self.artifact), "")
        if turn != self.turn or any(name in refs for name in made):
            raise Overtaken("Somebody else was first.", "read the registry again.") from None
        raise error


def update(repo: Path, lines: list[str]) -> None:
    """Change refs of this clone, all of them or none."""
    git(repo, "update-ref", "--stdin", given="".join(f"{line}\n" for line in lines))


def last_of(made: Mapping[str, str]) -> str:
    """What the artifact's own ref is then: no two acts make the same."""
    return [*made.values()][-1]


def refs_of(repo: Path, remote: str, artifact: str) -> dict[str, str]:
    """The tags of an artifact, and the ref that each act moves; their hashes by name."""
    return refs_in(repo, remote, *patterns(artifact), turn_of(artifact))


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
