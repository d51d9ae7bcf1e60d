"""Register versions, and give them stages: each act is a tag that only one can make.

Acts are counted. Who promotes reads the last number, and makes the tag of the next: in the remote,
if there is one, and git makes a tag only once. So of two at the same time one is told that the
other was first. What was written is read again, for the number may have been taken by another act.
"""

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.errors import PipelineError, at_most_ten, did_you_mean
from include.pipeline.asking import ask
from include.pipeline.git.command import AUTHOR, git
from include.pipeline.orders import Describe
from include.pipeline.registry.tags import STAGES, VERSION, Registry, Version, order, read


class Overtaken(PipelineError):
    """Somebody else has promoted in the meantime."""


def fetched(repo: Path, artifact: str, remote: str) -> Registry:
    """The registry as the remote has it now; as this clone has it, if there is no remote."""
    if remote:
        name = artifact.replace(":", "=")
        kinds = (f"refs/tags/{name}{sign}*" for sign in "@#")
        specs = [f"+{kind}:{kind}" for kind in kinds]
        git(repo, "fetch", "--quiet", "--no-tags", "--prune", "--", remote, *specs)
    return read(repo, artifact)


def register(
    repo: Path, artifact: str, experiment: str, remote: str = "", name: str = ""
) -> Version:
    """Give the commit of an experiment a version, with what DVC knows of it.

    An experiment that has a version keeps it.

    Args:
        name: of the version; by default the next one.

    Raises:
        PipelineError: there is no such experiment, it has not made the artifact, or the name is
            taken.
        Overtaken: somebody else has registered in the meantime.
    """
    registry, commit = fetched(repo, artifact, remote), commit_of(repo, experiment, remote)
    for version in registry.versions:
        if version.commit == commit:
            return version
    name = name or following(registry)
    if not VERSION.fullmatch(name) or name in registry.by_name:
        fault = "is taken" if name in registry.by_name else "is none, as v0.0.3 is one"
        what = f"The version {name!r} of {artifact} {fault}."
        raise PipelineError(what, f"name another, or none: then it is {following(registry)}.")
    known: dict[str, Any] = ask(repo, Describe(commit, artifact), workspace=False)
    said = f"{artifact} {name}, of the experiment {experiment}"
    made = Tag(commit, said, {"experiment": experiment, **known}, moment_after(registry))
    put(repo, remote, {f"{artifact.replace(':', '=')}@{name}": made})
    return fetched(repo, artifact, remote).version(name)


def promote(
    repo: Path,
    artifact: str,
    version: str,
    stage: str,
    remote: str = "",
    because: str = "",
    seen: int | None = None,
) -> Registry:
    """Let a version have a stage; one that becomes champion is no challenger any more.

    Args:
        because: the reason, for people.
        seen: the number of the last act that the decision was based on; None takes that of now.

    Returns:
        The registry as it is then. It has the act unless the version had the stage already.

    Raises:
        PipelineError: there is no such version or stage.
        Overtaken: somebody else has promoted in the meantime, and nothing was written.
    """
    if stage not in STAGES:
        what = f"There is no stage {stage!r}.{did_you_mean(stage, STAGES)}"
        raise PipelineError(what, f"name one of {', '.join(STAGES)}.")
    registry = fetched(repo, artifact, remote)
    last = registry.acts[-1].number if registry.acts else 0
    if seen is not None and seen != last:
        raise overtaken(registry, stage)
    chosen = registry.version(version)
    if registry.live(stage) == chosen:
        return registry
    name = artifact.replace(":", "=")
    said, moment = f"{artifact} {version} is {stage}", moment_after(registry)
    made = Tag(chosen.commit, said, {"because": because}, moment)
    acts = {f"{name}#{stage}#{last + 1}": made}
    if stage == "champion" and registry.live("challenger") == chosen:
        acts[f"{name}#challenger!#{last + 2}"] = made
    try:
        put(repo, remote, acts)
    except Overtaken:
        raise overtaken(fetched(repo, artifact, remote), stage) from None
    registry = fetched(repo, artifact, remote)
    if registry.live(stage) != chosen:
        withdraw(repo, remote, list(acts))
        raise overtaken(registry, stage)
    return registry


def roll_back(repo: Path, artifact: str, remote: str = "", because: str = "") -> Registry:
    """Let the champion be the one before.

    Raises:
        PipelineError: there was none.
        Overtaken: somebody else has promoted in the meantime, and nothing was written.
    """
    registry = fetched(repo, artifact, remote)
    earlier = registry.before()
    if earlier is None:
        what = f"{artifact} had no champion before the one that it has."
        raise PipelineError(what, "promote another version: `leeway registry show` lists them.")
    because = because or "a rollback"
    seen = registry.acts[-1].number
    return promote(repo, artifact, earlier.name, "champion", remote, because, seen)


def overtaken(registry: Registry, stage: str) -> Overtaken:
    """Say who was first."""
    now, act = registry.live(stage), registry.acts[-1]
    what = f"Somebody else was first: the {stage} of {registry.artifact} is "
    what += f"{now.name if now else 'none'} now, by {act.by}, {act.at:%Y-%m-%d %H:%M:%S} UTC."
    return Overtaken(what, "look at it with `leeway registry show`, then decide again.")


def commit_of(repo: Path, experiment: str, remote: str) -> str:
    """The commit of an experiment; it is fetched if only the remote has it.

    Raises:
        PipelineError: nobody has it.
    """
    pattern = f"refs/exps/*/*/{experiment}"
    found = git(repo, "for-each-ref", "--format=%(objectname)", pattern).split()
    if not found and remote:
        for line in git(repo, "ls-remote", "--", remote, pattern).splitlines():
            commit, ref = line.split("\t")
            git(repo, "fetch", "--quiet", "--no-tags", "--", remote, f"+{ref}:{ref}")
            found.append(commit)
    if not found:
        refs = git(repo, "for-each-ref", "--format=%(refname:lstrip=4)", "refs/exps/*/*/*").split()
        what = f"There is no experiment {experiment!r}.{did_you_mean(experiment, refs)}"
        raise PipelineError(what, f"name one of {at_most_ten(refs)}." if refs else "run the DAG.")
    return found[0]


def following(registry: Registry) -> str:
    """The name of the next version."""
    major, minor, patch = order(registry.versions[-1]) if registry.versions else (0, 0, 0)
    return f"v{major}.{minor}.{patch + 1}"


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


def put(repo: Path, remote: str, tags: Mapping[str, Tag]) -> None:
    """Make tags by their names, all of them or none.

    Raises:
        Overtaken: one of them is there already.
    """
    made = {f"refs/tags/{name}": written(repo, name, tag) for name, tag in tags.items()}
    try:
        if remote:
            specs = [f"{digest}:{name}" for name, digest in made.items()]
            git(repo, "push", "--quiet", "--atomic", "--", remote, *specs)
        else:
            lines = [f"create {name} {digest}\n" for name, digest in made.items()]
            git(repo, "update-ref", "--stdin", given="".join(lines))
    except PipelineError:
        look = ("ls-remote", "--", remote) if remote else ("for-each-ref",)
        if git(repo, *look, *made):
            raise Overtaken("It is there already.", "read the registry again.") from None
        raise


def written(repo: Path, name: str, tag: Tag) -> str:
    """The hash of a tag, which has no name in the repository as yet; no two are the same."""
    held = json.dumps({**tag.held, "act": str(uuid.uuid4())}, default=str)
    head = [
        f"object {tag.commit}",
        "type commit",
        f"tag {name}",
        f"tagger {author(repo)} {tag.moment} +0000",
    ]
    return git(repo, "mktag", given="\n".join([*head, "", tag.said, "", held, ""]))


def author(repo: Path) -> str:
    """Who acts, as a tag has it."""
    name = git(repo, "config", "user.name", check=False) or AUTHOR["GIT_AUTHOR_NAME"]
    mail = git(repo, "config", "user.email", check=False) or AUTHOR["GIT_AUTHOR_EMAIL"]
    return f"{name} <{mail}>"


def withdraw(repo: Path, remote: str, tags: list[str]) -> None:
    """Take tags back that came too late."""
    for name in tags:
        git(repo, "tag", "--delete", name, check=False)
    if remote:
        git(repo, "push", "--quiet", "--", remote, *(f":refs/tags/{name}" for name in tags))
