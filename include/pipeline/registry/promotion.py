"""What an experiment's verdict lets go live, and the act: all is read again before it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from include.pipeline.asking import OrderRefused, ask
from include.pipeline.orders import Verify
from include.pipeline.registry.budget import see_that_within_budget
from include.pipeline.registry.experiments import commit_of
from include.pipeline.registry.tags import Registry
from include.pipeline.registry.turns import Overtaken, fetched
from include.pipeline.registry.verdicts import (
    NotPromoted,
    name_of,
    see_that_beside,
    see_that_new,
    see_that_passed,
    see_that_same_rules,
    verdict_in,
)
from include.pipeline.registry.writing import Taken, following, promote, register, roll_back


@dataclass(frozen=True)
class Wanted:
    """What is asked for."""

    artifact: str
    verdict: str  # its path
    experiment: str
    stage: str = "champion"
    by_itself: bool = False  # nobody asked for this experiment: a run of a schedule has ended
    rules: tuple[str, ...] = ()  # sections of params.yaml that the verdict rests on


@dataclass(frozen=True)
class Proposal:
    """What would go live, and all on which that rests."""

    wanted: Wanted
    commit: str
    version: str  # that it has, or would get
    path: str
    hash: str
    verdict_hash: str
    champion: str  # the version that is live now, with its commit; empty if none is
    risk: str
    files: Mapping[str, str]  # hashes of what was judged
    gates: list[dict[str, Any]]
    seen: int = field(default=0)  # the last act that was known

    def changes(self, now: "Proposal") -> list[str]:
        """What is another now, in words."""
        before, after = (asdict(replace(one, seen=0)) for one in (self, now))
        return [
            f"{name} was {before[name] or 'none'} and is {after[name] or 'none'}"
            if isinstance(before[name], str)
            else f"the {name} are others"
            for name in before
            if before[name] != after[name]
        ]


def propose(repo: Path, wanted: Wanted, remote: str) -> Proposal:
    """What an experiment would let go live, with everything verified.

    Raises:
        NotPromoted: its verdict is a refusal, or is of other files, by other rules or beside
            another champion; it is beyond a budget that is a gate; what was made cannot be had as
            it was made; or it is live already.
        PipelineError: there is no such experiment.
    """
    registry = fetched(repo, wanted.artifact, remote)
    commit = commit_of(repo, wanted.experiment, remote)
    try:
        found = ask(repo, Verify(commit, wanted.artifact, wanted.verdict), workspace=False)
    except OrderRefused as error:
        raise NotPromoted(error.what, error.fix) from None
    held = verdict_in(found, wanted.verdict)
    see_that_passed(held, found)
    had = next((one for one in registry.versions if one.commit == commit), None)
    if had:
        see_that_new(registry, had, wanted.stage, wanted.by_itself)
    see_that_same_rules(repo, wanted.rules, commit)
    see_that_within_budget(repo, commit)
    live = registry.live()
    see_that_beside(held, registry, live)
    return Proposal(
        wanted=wanted,
        commit=commit,
        version=had.name if had else following(registry),
        path=found.path,
        hash=found.hash,
        verdict_hash=found.verdict_hash,
        champion=f"{live.name} ({live.commit[:10]})" if live else "",
        risk=str(held.get("risk", "low")),
        files={str(path): str(digest) for path, digest in held["files"].items()},
        gates=[dict(gate) for gate in held.get("gates", [])],
        seen=registry.last,
    )


def carry_out(repo: Path, shown: Proposal, remote: str, run: str, because: str) -> None:
    """Let go live what was shown, if all of it is as it was shown.

    A run that has done so does it once, however often it is tried.

    Args:
        run: who acts, as the reason begins.

    Raises:
        NotPromoted: something is another now, or somebody else was first.
    """
    again = "trigger a new run, and look at what it shows."
    registry = fetched(repo, shown.wanted.artifact, remote)
    if did_before(registry, run):
        now_live = registry.live(shown.wanted.stage)
        if now_live and now_live.commit == shown.commit:
            return
        what = f"This run has promoted {shown.version} before, and {name_of(now_live)} is live now."
        raise NotPromoted(what, again)
    try:
        now = propose(repo, shown.wanted, remote)
    except NotPromoted as error:
        raise NotPromoted(f"What was shown is no longer so: {error.what}", error.fix) from None
    if changed := shown.changes(now):
        raise NotPromoted(f"What was shown is no longer so: {'; '.join(changed)}.", again)
    place = (repo, shown.wanted.artifact)
    try:
        version = register(*place, shown.wanted.experiment, remote, shown.version)
    except (Taken, Overtaken) as error:
        raise NotPromoted(f"Somebody else was first. {error.what}", again) from None
    if version.commit != shown.commit:
        what = f"The experiment {shown.wanted.experiment} is another commit now."
        raise NotPromoted(what, again)
    try:
        why = f"{run}: {because}"
        promote(*place, version.name, shown.wanted.stage, remote, why, now.seen)
    except Overtaken as error:
        raise NotPromoted(error.what, again) from None


def take_back(
    repo: Path, artifact: str, stage: str, remote: str, run: str, because: str
) -> tuple[str, str]:
    """Take the last promotion back, once in a run; the versions that had and have the stage.

    Raises:
        PipelineError: there is no version to go back to.
        Overtaken: somebody else has promoted in the meantime.
    """
    registry = fetched(repo, artifact, remote)
    if did_before(registry, run):
        return "what was live", name_of(registry.live(stage))
    now, earlier = registry.live(stage), registry.before(stage)
    roll_back(repo, artifact, remote, f"{run}: {because}", stage, registry.last)
    return name_of(now), name_of(earlier)


def did_before(registry: Registry, run: str) -> bool:
    """Whether a run has acted: a task may end after its act, and before Airflow knows."""
    return any(why.startswith(f"{run}: ") for why in registry.reasons().values())
