"""`leeway registry`: which version of a model is live, what made it, and what is to be live."""

import argparse
import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from include.command.repository import see_that_repository
from include.command.words import Add, table
from include.errors import PipelineError, at_most_ten, did_you_mean
from include.pipeline.registry import tags, turns
from include.pipeline.registry.declared import artifacts
from include.pipeline.registry.tags import STAGES, Registry, Version
from include.pipeline.registry.unnamed import only_one

EXAMPLES = """
  leeway registry show                    the versions, and which is live
  leeway registry history                 who promoted what, when, and why
  leeway registry live --on 2013-11-30    what was live on a day
  leeway registry made v0.0.3             the data, params, environment and metrics behind a version
  leeway registry used data/features/2013-06.parquet    the versions made from a file, or a hash
  leeway registry register EXPERIMENT     give what a run made a version: `dvc exp show` lists runs
  leeway registry promote v0.0.3 --because "better by .01 on November"
  leeway registry rollback                let the champion be the one before

Reading asks no server: it says what this clone knows. `--fetch` asks the remote first. Writing goes
to the remote, `origin` if there is one, and is refused if somebody else was first.
"""
WORDS = {
    "show": ("", ""),
    "history": ("", ""),
    "live": ("", ""),
    "made": ("VERSION", "as v0.0.3"),
    "used": ("DATA", "a path, or at least six letters of a hash"),
    "register": ("EXPERIMENT", "the name of an experiment"),
    "promote": ("VERSION", "as v0.0.3"),
    "rollback": ("", ""),
}


def add_to(add: Add) -> None:
    """Add the command, and what it may be told."""
    told = add("registry", "say which version of a model is live, and promote one", EXAMPLES)
    told.add_argument("does", choices=WORDS, metavar="WHAT", help=", ".join(WORDS))
    told.add_argument("name", nargs="?", default="", help="VERSION, DATA or EXPERIMENT")
    told.add_argument("--artifact", default="", help="if dvc.yaml declares several")
    told.add_argument("--stage", default="champion", choices=STAGES)
    told.add_argument("--on", type=date.fromisoformat, metavar="DATE", help="its end, in UTC")
    told.add_argument("--version", default="", help="of what is registered; else the next")
    told.add_argument("--because", default="", metavar="TEXT", help="the reason, for people")
    told.add_argument("--remote", default=None, help="name or URL; none if it is empty")
    told.add_argument("--fetch", action="store_true", help="ask the remote before reading")
    told.add_argument("--json", action="store_true", help="as JSON")
    told.set_defaults(carry_out=registry)


def registry(words: argparse.Namespace) -> int:
    """Answer one question, or carry out one act."""
    see_that_repository(words.repo)
    wanted, what = WORDS[words.does]
    if bool(words.name) != bool(wanted):
        fault = f"needs a {wanted}: {what}" if wanted else f"takes no name, and got {words.name!r}"
        raise PipelineError(f"`registry {words.does}` {fault}.", "see `leeway registry --help`.")
    words.artifact = artifact_of(words)
    if words.does in ("register", "promote", "rollback"):
        return write(words)
    held = turns.fetched(words.repo, words.artifact, remote_of(words) if words.fetch else "")
    answer, rows = READ[words.does](held, words)
    print(as_json(answer) if words.json else rows)
    return 0


def as_json(answer: object) -> str:
    """An answer for programs: what is no number to JSON is a text."""
    plain = json.loads(json.dumps(answer, default=str), parse_constant=str)
    return json.dumps(plain, indent=2, ensure_ascii=False)


def remote_of(words: argparse.Namespace) -> str:
    """The remote that is asked and written to; empty if there is none."""
    if words.remote is not None:
        return str(words.remote)
    return turns.remote_of(words.repo)


def artifact_of(words: argparse.Namespace) -> str:
    """The artifact that is meant: the one that is named, or the only one that may be.

    Raises:
        PipelineError: there is none, or there are several, or the named one is none.
    """
    found, named = artifacts(words.repo), str(words.artifact)
    if named in found or (named and tags.read(words.repo, named).names):
        return named
    if named:
        what = f"{words.repo} declares no artifact {named!r}.{did_you_mean(named, found)}"
        raise PipelineError(what, f"name one of {at_most_ten(found) or 'those that you declare'}.")
    if only := only_one(found):
        return only
    what = f"{words.repo} declares {len(found) or 'no'} artifacts"
    if found:
        raise PipelineError(f"{what}: {at_most_ten(found)}.", "name one with --artifact.")
    fix = "add one to dvc.yaml: `artifacts: {NAME: {path: PATH, type: model}}`."
    raise PipelineError(f"{what}.", fix)


def write(words: argparse.Namespace) -> int:
    """Register a version, or let one be live.

    Who promotes decides on what this clone knows: what it does not know yet is told instead.
    """
    from include.pipeline.registry import writing

    place, remote = (words.repo, words.artifact), remote_of(words)
    if words.does == "register":
        version = writing.register(*place, words.name, remote, words.version)
        now = tags.read(*place)
        said = f"{words.artifact} {version.name} is {version.commit[:10]}, by {version.by}"
    else:
        why, seen = words.because, tags.read(*place).last
        if words.does == "promote":
            now = writing.promote(*place, words.name, words.stage, remote, why, seen)
        else:
            now = writing.roll_back(*place, remote, why, words.stage, seen)
        given = now.live(words.stage)
        assert given is not None  # the stage, just now
        version = given
        said = f"{words.stage} of {words.artifact} is {version.name}"
    print(as_json(described(now, version)) if words.json else said)
    return 0


def show(held: Registry, _: argparse.Namespace) -> tuple[Any, str]:
    """The versions, the newest first."""
    answer = [described(held, version) for version in reversed(held.versions)]
    rows = [("VERSION", "STAGES", "COMMIT", "REGISTERED", "BY")]
    for one in answer:
        stages = ", ".join(one["stages"])
        rows.append((one["version"], stages, one["commit"][:10], moment(one["at"]), one["by"]))
    return answer, table(rows) if answer else f"{held.artifact} has no version yet."


def described(held: Registry, version: Version) -> dict[str, Any]:
    """A version, as JSON has it."""
    about = {"version": version.name, "stages": held.stages(version), "commit": version.commit}
    return {**about, "at": version.at, "by": version.by}


def history(held: Registry, _: argparse.Namespace) -> tuple[Any, str]:
    """The acts, the newest first."""
    reasons = held.reasons()
    answer: list[dict[str, Any]] = [
        {
            "number": act.number,
            "stage": act.stage,
            "version": act.version,
            "leaves": act.leaves,
            "at": act.at,
            "by": act.by,
            "because": reasons.get(act.tag, ""),
        }
        for act in reversed(held.acts)
    ]
    rows = [("WHEN", "VERSION", "DID", "BY", "BECAUSE")]
    for one in answer:
        did = f"{'left' if one['leaves'] else 'became'} {one['stage']}"
        why = "".join(c if c.isprintable() else " " for c in one["because"])
        rows.append((moment(one["at"]), one["version"], did, one["by"], why))
    return answer, table(rows) if answer else f"No version of {held.artifact} was promoted yet."


def live(held: Registry, words: argparse.Namespace) -> tuple[Any, str]:
    """The version that has a stage, or had it at the end of a day."""
    end = datetime.combine(words.on, time.max, UTC) if words.on else None
    version = held.live(words.stage, end)
    if version is None:
        return None, f"No version of {held.artifact} was {words.stage}."
    return described(held, version), f"{version.name} {version.commit}"


def made(held: Registry, words: argparse.Namespace) -> tuple[Any, str]:
    """What made a version: without the files, of which there may be thousands, unless as JSON."""
    version = held.version(words.name)
    about = {**described(held, version), **held.made(version)}
    if not words.json:
        about["files"] = f"{len(about.get('files', {})):,}: `leeway registry made --json`"
    return about, as_json(about)


def used(held: Registry, words: argparse.Namespace) -> tuple[Any, str]:
    """The versions that were made from some data."""
    if len(words.name) < tags.SHORTEST and not any(sign in words.name for sign in "/."):
        what = f"{words.name!r} is no path, and too short for a hash."
        raise PipelineError(what, f"give at least {tags.SHORTEST} letters of it.")
    path = Path(words.name)
    if path.is_absolute() and path.is_relative_to(words.repo):
        words.name = str(path.relative_to(words.repo))
    found = tags.used(held, words.name)
    rows = [("VERSION", "STAGES", "AS")]
    for name in reversed(found):
        stages = ", ".join(held.stages(held.version(name)))
        rows.append((name, stages, at_most_ten(found[name])))
    none = f"No version of {held.artifact} was made from {words.name}."
    return found, table(rows) if found else none


def moment(at: datetime) -> str:
    """A moment, to the minute."""
    return f"{at:%Y-%m-%d %H:%M}"


READ = {"show": show, "history": history, "live": live, "made": made, "used": used}
