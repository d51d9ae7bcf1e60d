"""Show, check and explain the graph of any DVC repository.

python -m include.pipeline show                 what there is, and where it runs
python -m include.pipeline show --mermaid       the same as a picture, for Markdown
python -m include.pipeline check --queues gpu   whether it can be run, and what is wrong
python -m include.pipeline status               what a run would do, and why, by DVC's own word
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from include.errors import PipelineError, PlatformError, at_most_ten, did_you_mean
from include.pipeline.asking import ask
from include.pipeline.graph import Stage, see_that_free
from include.pipeline.lockfile import has_entry
from include.pipeline.orders import Unchanged
from include.pipeline.plan import load
from include.pipeline.selection import select
from include.pipeline.site_cache import site_cache


def main(argv: list[str] | None = None) -> int:
    """Carry out one command; 0 is well, 1 is an error that says what to do."""
    parser = argparse.ArgumentParser(
        prog="python -m include.pipeline",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=("show", "check", "status"))
    parser.add_argument(
        "targets", nargs="*", help="stages, task ids, groups, outs, files or folders; all if none"
    )
    parser.add_argument("--repo", type=Path, default=Path(), help="root of the repository")
    parser.add_argument("--downstream", action="store_true", help="also what needs the targets")
    parser.add_argument("--json", action="store_true", help="show: as JSON")
    parser.add_argument("--mermaid", action="store_true", help="show: as a diagram")
    parser.add_argument("--queues", default="", help="check: queues that have workers, with commas")
    # Targets may stand before or after options.
    words = parser.parse_intermixed_args(argv)
    words.repo = words.repo.resolve()
    try:
        stages = select(load(words.repo), words.targets or ["."], downstream=words.downstream)
        print(COMMANDS[words.command](stages, words))
    except PlatformError as error:
        print(f"{words.command}: {error}", file=sys.stderr)
        return 1
    return 0


def show(stages: tuple[Stage, ...], words: argparse.Namespace) -> str:
    """The stages, each after those that it needs."""
    if words.json:
        return json.dumps([{**asdict(s), "meta": s.meta.model_dump()} for s in stages], indent=2)
    if words.mermaid:
        arrows = [f"  {before} --> {s.task_id}" for s in stages for before in ids(s, stages)]
        return "\n".join(["flowchart LR", *(f"  {s.task_id}" for s in stages), *arrows])
    rows = [("STAGE", "QUEUE", "NEEDS", "MAKES")]
    for stage in stages:
        outs = at_most_ten(out.path for out in stage.outs)
        rows.append((stage.name, stage.meta.queue or "-", ", ".join(ids(stage, stages)), outs))
    return table(rows)


def ids(stage: Stage, stages: tuple[Stage, ...]) -> list[str]:
    """The task ids of what a stage needs, inside a selection."""
    return [other.task_id for other in stages if other.name in stage.upstream]


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows in columns, two spaces apart."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(w) for cell, w in zip(r, widths, strict=True)) for r in rows)
    return "\n".join(line.rstrip() for line in lines)


def check(stages: tuple[Stage, ...], words: argparse.Namespace) -> str:
    """Raise PipelineError for a stage with a task's name, or on a queue that nobody serves.

    That DVC resolves the graph, that `meta` is right, that there is no cycle and that every target
    is there has been seen by now.
    """
    served = [name for name in words.queues.split(",") if name]
    for stage in stages:
        see_that_free(stage)
        queue = stage.meta.queue
        if served and queue is not None and queue not in served:
            what = f"Stage {stage.name!r} in {stage.file} asks for the queue {queue!r}; "
            what += f"served are {at_most_ten(served)}.{did_you_mean(queue, served)}"
            raise PipelineError(what, f"start a worker on {queue!r}, or change its meta.queue.")
    queues = sorted({stage.meta.queue or "default" for stage in stages})
    return f"{len(stages)} stages on {', '.join(queues)}: nothing is wrong."


def status(stages: tuple[Stage, ...], words: argparse.Namespace) -> str:
    """What a run would do now, in the working tree: what the cache holds is not run again."""
    cached = ask(words.repo, Unchanged([stage.name for stage in stages]), workspace=False)
    changed = changes(words.repo)
    rows = [("STAGE", "WOULD", "WHY")]
    running = {stage.name for stage in stages} - set(cached)
    for stage in stages:
        if stage.name not in running:
            rows.append((stage.name, "be cached", ""))
            continue
        why = ["it never ran before"]
        if has_entry(words.repo, stage.name):
            why = [f"{name} runs" for name in stage.upstream if name in running]
            why += reasons(changed.get(stage.name, []))
        rows.append((stage.name, "run", at_most_ten(why) or "its outs are not in the cache"))
    return table(rows)


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


COMMANDS = {"show": show, "check": check, "status": status}

if __name__ == "__main__":
    raise SystemExit(main())
