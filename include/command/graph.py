"""`leeway show` and `leeway check`: what the graph is, and whether it can be run."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from yaml import YAMLError

from include.command.repository import graph_of
from include.command.words import Add, add_targets, table
from include.errors import PipelineError, at_most_ten, did_you_mean
from include.pipeline.git.conflicts import blaming_merges
from include.pipeline.graph import Stage, see_that_free
from include.pipeline.lockfile import has_entry
from include.pipeline.opening.refusals import WHY
from include.pipeline.selection import select


def add_to(add: Add) -> None:
    """Add both commands, and what each may be told."""
    told = add("show", "list the stages: where each runs, what it needs and makes", SHOW)
    told.add_argument("--json", action="store_true", help="as JSON, with all that is known")
    told.add_argument("--mermaid", action="store_true", help="as a diagram, for Markdown")
    add_targets(told)
    told.set_defaults(carry_out=show)
    told = add("check", "see whether the graph can be run, and what is wrong", CHECK)
    told.add_argument("--queues", default="", help="that have workers, with commas")
    add_targets(told)
    told.set_defaults(carry_out=check)


SHOW = """
  leeway show
  leeway show train --downstream
  leeway show --mermaid >> README.md
"""
CHECK = """
  leeway check
  leeway check --queues default,gpu
"""


def chosen(words: argparse.Namespace) -> tuple[Stage, ...]:
    """The stages that a command is about."""
    return select(graph_of(words.repo), words.targets or ["."], downstream=words.downstream)


def show(words: argparse.Namespace) -> int:
    """Print the stages, each after those that it needs."""
    stages = chosen(words)
    if words.json:
        held = [{**asdict(s), "meta": s.meta.model_dump()} for s in stages]
        print(json.dumps(held, indent=2))
    elif words.mermaid:
        arrows = [f"  {before} --> {s.task_id}" for s in stages for before in ids(s, stages)]
        print("\n".join(["flowchart LR", *(f"  {s.task_id}" for s in stages), *arrows]))
    else:
        print(table([("STAGE", "QUEUE", "NEEDS", "MAKES"), *(row(s, stages) for s in stages)]))
    return 0


def row(stage: Stage, stages: tuple[Stage, ...]) -> tuple[str, ...]:
    """A stage in the list of all."""
    outs = at_most_ten(out.path for out in stage.outs)
    needs = ", ".join(other.name for other in stages if other.name in stage.upstream)
    return stage.name, stage.meta.queue or "-", needs, outs


def ids(stage: Stage, stages: tuple[Stage, ...]) -> list[str]:
    """The task ids of what a stage needs, inside a selection."""
    return [other.task_id for other in stages if other.name in stage.upstream]


def unmade(repo: Path, stage: Stage) -> bool:
    """Whether a stage is frozen, so that no run makes it, and nobody made it before.

    Raises:
        PipelineError: its lockfile cannot be read.
    """
    if not stage.cmd or not stage.frozen:
        return False
    with blaming_merges(repo):
        try:
            return not has_entry(repo, stage.name)
        except YAMLError as error:
            what = f"The lockfile of stage {stage.name!r} cannot be read: {error}"
            raise PipelineError(what, "mend it, then see that `dvc status` tells it.") from None


def check(words: argparse.Namespace) -> int:
    """Print that nothing is wrong.

    That DVC resolves the graph, that `meta` is right, that there is no cycle and that every target
    is there has been seen by now.

    Raises:
        PipelineError: a stage has a task's name, is on a queue that nobody serves, or is frozen and
            was never made.
    """
    stages = chosen(words)
    served = [name for name in words.queues.split(",") if name]
    for stage in stages:
        see_that_free(stage)
        if unmade(words.repo, stage):
            why, fix = WHY["unmade"]
            raise PipelineError(f"Stage {stage.name!r} cannot be had in a run: {why}.", f"{fix}.")
        queue = stage.meta.queue
        if served and queue is not None and queue not in served:
            what = f"Stage {stage.name!r} in {stage.file} asks for the queue {queue!r}; "
            what += f"served are {at_most_ten(served)}.{did_you_mean(queue, served)}"
            raise PipelineError(what, f"start a worker on {queue!r}, or change its meta.queue.")
    queues = sorted({stage.meta.queue or "default" for stage in stages})
    print(f"{len(stages)} stages on {', '.join(queues)}: nothing is wrong.")
    return 0
