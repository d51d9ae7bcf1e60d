"""Register versions, and give them stages."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from include.errors import PipelineError, did_you_mean
from include.pipeline.asking import ask
from include.pipeline.orders import Describe
from include.pipeline.registry.experiments import commit_of
from include.pipeline.registry.tags import (
    AGAIN,
    STAGES,
    VERSION,
    Registry,
    Version,
    numbers,
    prefix,
    read,
)
from include.pipeline.registry.turns import Overtaken, Place, Tag, fetched, moment_after

TRIES = 5  # of registering: another experiment may take the next name


class Taken(PipelineError):
    """A version's name is another's, or none."""


def register(
    repo: Path, artifact: str, experiment: str, remote: str = "", name: str = ""
) -> Version:
    """Give the commit of an experiment a version, with what DVC knows of it.

    An experiment that has a version keeps it.

    Args:
        experiment: its name, or its commit if several have the name.
        name: of the version; by default the next one.

    Raises:
        PipelineError: there is no such experiment, it has not made the artifact, or the name is
            taken.
        Overtaken: somebody else has registered in the meantime, again and again.
    """
    for _ in range(TRIES - 1):
        with suppress(Overtaken):
            return registered(repo, artifact, experiment, remote, name)
    return registered(repo, artifact, experiment, remote, name)


def registered(repo: Path, artifact: str, experiment: str, remote: str, name: str) -> Version:
    """Try once to give the commit of an experiment a version."""
    place, registry = Place.of(repo, artifact, remote)
    commit = commit_of(repo, experiment, remote)
    had = next((version for version in registry.versions if version.commit == commit), None)
    if had and name in ("", had.name):
        return had
    if had:
        what = f"The commit {commit[:10]} is {had.name} of {artifact} already, not {name}."
        raise PipelineError(what, "leave the name out; a commit has one version.")
    see_that_free(registry, name)
    chosen = name or following(registry)
    known: dict[str, Any] = ask(repo, Describe(commit, artifact), workspace=False)
    said = f"{artifact} {chosen}, of the experiment {experiment}"
    made = Tag(commit, said, {"experiment": experiment, **known}, moment_after(registry))
    place.put({f"{prefix(artifact)}@{chosen}": made})
    return read(repo, artifact).version(chosen)


def see_that_free(registry: Registry, name: str) -> None:
    """Refuse a name that is none, or is taken.

    Raises:
        Taken: it is so.
    """
    if name and (not VERSION.fullmatch(name) or name in registry.names):
        fault = "is taken" if name in registry.names else "is none, as v0.0.3 is one"
        what = f"The version {name!r} of {registry.artifact} {fault}."
        raise Taken(what, f"name another, or none: then it is {following(registry)}.")


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
    place, registry = Place.of(repo, artifact, remote)
    return act(place, registry, registry.version(version), stage, because, seen)


def roll_back(
    repo: Path,
    artifact: str,
    remote: str = "",
    because: str = "",
    stage: str = "champion",
    seen: int | None = None,
) -> Registry:
    """Take the last promotion back: the stage is that of the version before.

    Raises:
        PipelineError: there was none.
        Overtaken: somebody else has promoted in the meantime, and nothing was written.
    """
    place, registry = Place.of(repo, artifact, remote)
    earlier = registry.before(stage)
    if earlier is None:
        what = f"{artifact} had no {stage} before the one that it has."
        raise PipelineError(what, "promote another version: `leeway registry show` lists them.")
    return act(place, registry, earlier, stage, because or "a rollback", seen, again=AGAIN)


def act(
    place: Place,
    registry: Registry,
    chosen: Version,
    stage: str,
    because: str,
    seen: int | None,
    again: str = "",
) -> Registry:
    """Write that a version has a stage, if nothing was written since a decision was made."""
    if seen is not None and seen != registry.last:
        raise overtaken(registry, stage)
    now, name = registry.live(stage), prefix(place.artifact)
    if now is not None and now.commit == chosen.commit:
        return registry
    said = f"{place.artifact} {chosen.name} is {stage}{again}"
    made = Tag(chosen.commit, said, {"because": because}, moment_after(registry))
    acts = {f"{name}#{stage}#{registry.last + 1}": made}
    if stage == "champion" and registry.live("challenger") == chosen:
        acts[f"{name}#challenger!#{registry.last + 2}"] = made
    try:
        place.put(acts)
    except Overtaken:
        raise overtaken(fetched(place.repo, place.artifact, place.remote), stage) from None
    return read(place.repo, place.artifact)


def overtaken(registry: Registry, stage: str) -> Overtaken:
    """Say who was first."""
    now = registry.live(stage)
    what = f"Somebody else was first: the {stage} of {registry.artifact} is "
    what += now.name if now else "none"
    if registry.acts:
        last = registry.acts[-1]
        what += f" now; the last to act was {last.by}, {last.at:%Y-%m-%d %H:%M:%S} UTC"
    return Overtaken(f"{what}.", "look at it with `leeway registry show`, then decide again.")


def following(registry: Registry) -> str:
    """The name of the next version: a name is never used twice."""
    major, minor, patch = max(map(numbers, registry.names), default=(0, 0, 0))
    return f"v{major}.{minor}.{patch + 1}"
