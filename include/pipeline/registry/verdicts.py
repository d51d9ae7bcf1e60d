"""What a verdict on an artifact says, and what stops it from letting the artifact go live.

A verdict is a JSON file that a stage of the graph makes. It has `verdict`, "passed" or "refused",
its `reason`, and `files`, the hashes of what was judged, by path, as dvc.lock has them. It may have
`risk`, "low" or "high", `gates` for people to read, and `champion`, the version that was live when
it was given.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from include.errors import PipelineError, at_most_ten
from include.pipeline.git.command import git
from include.pipeline.lockfile import LOADER
from include.pipeline.orders import Verified
from include.pipeline.params_file import DEFAULT
from include.pipeline.registry.tags import Registry, Version

BY_HAND = 'decide by hand: `leeway registry promote VERSION --because "..."`.'


class NotPromoted(PipelineError):
    """Nothing goes live, for a reason that is no fault of the run that finds it."""


def verdict_in(found: Verified, path: str) -> dict[str, Any]:
    """What a verdict says.

    Raises:
        NotPromoted: it is none.
    """
    try:
        held = json.loads(found.text)
        verdict, risk = held["verdict"], held.get("risk", "low")
        known = verdict in ("passed", "refused") and risk in ("low", "high")
        if known and isinstance(held["files"], dict):
            return {"reason": "", **held}
        problem = f"its verdict is {verdict!r}, and its risk {risk!r}"
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


def see_that_same_rules(repo: Path, sections: Sequence[str], commit: str) -> None:
    """Refuse a verdict by other rules than the repository has: a run may set any value.

    Args:
        sections: of params.yaml, or FILE:section of another file of params.

    Raises:
        NotPromoted: it is so.
    """
    for named in sections:
        file, _, section = named.rpartition(":")
        file = file or DEFAULT
        # Not the working tree: what an experiment sets stays in it.
        texts = [git(repo, "show", f"{rev}:./{file}", check=False) for rev in ("HEAD", commit)]
        ours, theirs = (yaml.load(text, LOADER) or {} for text in texts)
        if ours.get(section) != theirs.get(section):
            what = f"It was judged by another section {section} of {file} than is here now."
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


def see_that_new(registry: Registry, version: Version, stage: str, by_itself: bool) -> None:
    """Refuse what is live already, and what would go live a second time without being asked for.

    Raises:
        NotPromoted: it is so.
    """
    if registry.live(stage) == version:
        what = f"{version.name} is {stage} already."
        raise NotPromoted(what, "see `leeway registry history`.")
    if by_itself and any(act.version == version.name for act in registry.acts):
        what = f"{version.name} had a stage before, and somebody took it back or went past it."
        raise NotPromoted(what, BY_HAND.replace("VERSION", version.name))


def name_of(version: Version | None) -> str:
    """What a version is called, if there is one."""
    return version.name if version else "none"
