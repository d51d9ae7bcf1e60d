"""What an experiment's verdict allows to go live, and the act: all is read again before it.

A verdict is a JSON file that a stage of the graph makes. It has `verdict`, "passed" or "refused",
its `reason`, and `files`, the hashes of what was judged, by path, as dvc.lock has them. It may have
`risk`, "low" or "high", `gates` for people to read, and `champion`, the version that was live when
it was given.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from include.errors import PipelineError, at_most_ten
from include.pipeline.asking import OrderRefused, ask
from include.pipeline.git.command import git
from include.pipeline.lockfile import LOADER
from include.pipeline.orders import Verified, Verify
from include.pipeline.params_file import DEFAULT
from include.pipeline.registry.experiments import commit_of
from include.pipeline.registry.tags import Registry, Version
from include.pipeline.registry.turns import Overtaken, fetched
from include.pipeline.registry.writing import Taken, following, promote, register, roll_back

BY_HAND = 'decide by hand: `leeway registry promote VERSION --because "..."`.'


class NotPromoted(PipelineError):
    """Nothing goes live, for a reason that is no fault of the run that finds it."""


@dataclass(frozen=True)
class Wanted:
    """What is asked for."""

    artifact: str
    verdict: str  # its path
    experiment: str
    stage: str = "champion"
    by_itself: bool = False  # nobody asked for this experiment: a run of a schedule has ended
    rules: str = ""  # section of params.yaml that holds the gates; empty if none does


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
            another champion; what was made cannot be had as it was made; or it is live already.
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
        see_that_new(registry, had, wanted)
    see_that_same_rules(repo, wanted.rules, commit)
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


def verdict_in(found: Verified, path: str) -> dict[str, Any]:
    """What a verdict says.

    Raises:
        NotPromoted: it is none.
    """
    try:
        held = json.loads(found.text)
        if held["verdict"] in ("passed", "refused") and isinstance(held["files"], dict):
            return {"reason": "", **held}
        problem = f"its verdict is {held['verdict']!r}"
    except (ValueError, KeyError, TypeError) as error:
        problem = repr(error)
    fix = "let its stage write `verdict`, `reason` and `files`: see docs/promotion.md."
    raise NotPromoted(f"{path} is no verdict: {problem}.", fix)


def see_that_passed(held: Mapping[str, Any], found: Verified) -> None:
    """Refuse what its verdict refuses, and a verdict on other files than the commit has.

    Raises:
        NotPromoted: it is so.
    """
    if held["verdict"] == "refused":
        fix = "see the gates in its report; " + BY_HAND
        raise NotPromoted(f"The gates refuse it: {held['reason']}", fix)
    judged = held["files"]
    others = [path for path, digest in judged.items() if found.hashes.get(path) != digest]
    others += [] if found.path in judged else [found.path]
    if others:
        what = f"The verdict is not of what the experiment has at {at_most_ten(others)}."
        raise NotPromoted(what, "run the whole pipeline again.")


def see_that_same_rules(repo: Path, section: str, commit: str) -> None:
    """Refuse a verdict by other rules than the repository has: a run may set any value.

    Raises:
        NotPromoted: it is so.
    """
    if not section:
        return
    texts = (repo / DEFAULT).read_text(), git(repo, "show", f"{commit}:./{DEFAULT}")
    ours, theirs = ((yaml.load(text, LOADER) or {}).get(section) for text in texts)
    if ours != theirs:
        what = f"It was judged by another section {section} of {DEFAULT} than is here now."
        raise NotPromoted(what, f"run the pipeline again, which judges it anew; or {BY_HAND}")


def see_that_beside(held: Mapping[str, Any], registry: Registry, live: Version | None) -> None:
    """Refuse a verdict that was given beside another champion than is live.

    Raises:
        NotPromoted: it is so.
    """
    if "champion" not in held:
        return
    said = held["champion"] or {}
    known = registry.made(live).get("hash") if live else None
    same = said.get("version") == (live.name if live else None)
    if same and known in (None, said.get("md5", known)):
        return
    beside = f"beside {said.get('version')}" if said else "without a champion"
    now = f"and {name_of(live)} is live now"
    if same:
        beside += f" with the hash {said['md5']}"
        now = f"whose own is {known}"
    what = f"It was judged {beside}, {now}."
    raise NotPromoted(what, f"run the pipeline again, which judges it anew; or {BY_HAND}")


def see_that_new(registry: Registry, version: Version, wanted: Wanted) -> None:
    """Refuse what is live already, and what would go live a second time without being asked for.

    Raises:
        NotPromoted: it is so.
    """
    if registry.live(wanted.stage) == version:
        what = f"{version.name} is {wanted.stage} already."
        raise NotPromoted(what, "see `leeway registry history`.")
    if wanted.by_itself and any(act.version == version.name for act in registry.acts):
        what = f"{version.name} had a stage before, and somebody took it back or went past it."
        raise NotPromoted(what, BY_HAND.replace("VERSION", version.name))


def carry_out(repo: Path, shown: Proposal, remote: str, run: str, because: str) -> None:
    """Let go live what was shown, if all of it is as it was shown.

    A run that has done so does it once, however often it is tried.

    Args:
        run: who acts, as the reason begins.

    Raises:
        NotPromoted: something is another now, or somebody else was first.
    """
    if did_before(fetched(repo, shown.wanted.artifact, remote), run):
        return
    again = "trigger a new run, and look at what it shows."
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


def name_of(version: Version | None) -> str:
    """What a version is called, if there is one."""
    return version.name if version else "none"


def did_before(registry: Registry, run: str) -> bool:
    """Whether a run has acted: a task may end after its act, and before Airflow knows."""
    return any(why.startswith(f"{run}: ") for why in registry.reasons().values())
