"""`leeway status`: what a run would do, and why, by DVC's own word."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from include.command.graph import chosen, unmade
from include.command.words import Add, add_targets, table
from include.errors import PipelineError, at_most_ten
from include.pipeline.asking import OrderRefused, ask
from include.pipeline.git.conflicts import blaming_merges
from include.pipeline.graph import Stage
from include.pipeline.lockfile import has_entry
from include.pipeline.opening.refusals import WHY
from include.pipeline.orders import Unchanged
from include.pipeline.selection import needed
from include.pipeline.site_cache import site_cache

EXAMPLES = """
  leeway status
  leeway status train
"""


def add_to(add: Add) -> None:
    """Add the command, and what it may be told."""
    told = add("status", "say what would run in the working tree, and why", EXAMPLES)
    add_targets(told)
    told.set_defaults(carry_out=status)


def status(words: argparse.Namespace) -> int:
    """Print what a run would do now, in the working tree: what the cache holds is not run again."""
    stages = chosen(words)
    with blaming_merges(words.repo):
        cached = unchanged(words.repo, stages)
        changed = changes(words.repo)
    running = {stage.name for stage in stages} - set(cached)
    rows = [("STAGE", "WOULD", "WHY")]
    for stage in stages:
        if stage.name not in running:
            rows.append((stage.name, "be cached", ""))
            continue
        if cannot := refused(words.repo, stage):
            rows.append((stage.name, "be refused", cannot))
            continue
        why = ["it never ran before"]
        if has_entry(words.repo, stage.name) or not stage.cmd:
            # A name may be a word, as in "always runs".
            why = [f"{name!r} may make something else" for name in needed(stage) if name in running]
            why += reasons(changed.get(stage.name, []))
        rows.append((stage.name, "run", at_most_ten(why) or "its outs are not in the cache"))
    print(table(rows))
    return 0


def refused(repo: Path, stage: Stage) -> str:
    """Why no run has a stage that is not in the cache, if it is one that is never run."""
    if not stage.cmd and not stage.frozen:
        return WHY["lost"][0]
    return WHY["unmade"][0] if unmade(repo, stage) else ""


def unchanged(repo: Path, stages: Sequence[Stage]) -> list[str]:
    """The stages that have nothing to do.

    Raises:
        PipelineError: DVC cannot say.
    """
    try:
        return ask(repo, Unchanged([stage.name for stage in stages]), workspace=False)
    except OrderRefused:
        raise
    except PipelineError as error:  # here is no task to be cleared
        what = f"DVC cannot say what has changed in {repo}: {error.what}"
        raise PipelineError(what, "mend it, then see that `dvc status` tells it.") from None


def changes(repo: Path) -> dict[str, list[object]]:
    """What `dvc status` says, by stage."""
    command = [sys.executable, "-m", "dvc", "status", "--json"]
    environment = {**os.environ, **site_cache(repo)}
    done = subprocess.run(
        command, cwd=repo, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        problem = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise PipelineError(f"`dvc status` failed: {problem}", "mend it, then try again.")
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def reasons(entries: list[object]) -> list[str]:
    """What `dvc status` says of one stage, but for what is only not checked out."""
    found: list[str] = []
    for entry in entries:
        if isinstance(entry, str):
            found.append(entry)
        elif isinstance(entry, dict):
            for kind, held in entry.items():
                for name, state in (held if isinstance(held, dict) else {}).items():
                    if isinstance(state, dict):  # a params file, and what became of each value
                        found += [f"param {param} {what}" for param, what in state.items()]
                    elif state != "deleted":
                        found.append(f"{kind.removeprefix('changed ').rstrip('s')} {name} {state}")
    return found
