"""Run one stage of a run by DVC, and say what happened and why."""

import json
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from include.errors import PipelineError
from include.pipeline.locks import entry_of
from include.pipeline.process import talk
from include.pipeline.runtime import Where
from include.pipeline.workspace import Run, cache_of, clean

Log = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What a stage did: `cached` if nothing had to run."""

    status: Literal["cached", "ran"]
    why: tuple[str, ...]
    seconds: float


class StageFailed(PipelineError):
    """The command of a stage ended with an error of its own."""

    def __init__(self, what: str, fix: str, status: int) -> None:
        super().__init__(what, fix)
        self.status = status


def reproduce(
    run: Run,
    stage: str,
    *,
    where: Where | None = None,
    labels: Mapping[str, str] | None = None,
    log: Log = print,
    lock_wait_s: float = 600,
) -> Outcome:
    """Bring one stage of the run up to date.

    Args:
        stage: its name in the plan.
        where: its container or pod; a process of this task if None.
        labels: of the container or pod: dag, run and try.
        log: gets each line of output as it comes.
        lock_wait_s: how long to wait while another process holds DVC's lock.

    Raises:
        StageFailed: the step failed; the message holds its last two lines.
        PipelineError: the stage could not be run at all.
    """
    began = time.monotonic()
    if stage in run.unchanged and not again(run, stage).exists():
        return Outcome("cached", ("no dep, param or command changed",), time.monotonic() - began)
    if not run.folder.exists():
        what = f"The workspace of run {run.id} is gone: the run was closed, or left for too long."
        raise PipelineError(what, "clear open_run and all that follows it, or trigger a new run.")
    before = entry_of(run.folder, stage)
    tail: deque[str] = deque(maxlen=40)
    task: dict[str, Any] = {"do": "reproduce", "stage": stage, "lock_wait_s": lock_wait_s}
    task["remote"] = bool(run.url)
    if where is not None:
        place = {"folder": str(run.folder), "cache": str(cache_of(run.repo)), "repo": str(run.repo)}
        named = {"dag": "", "run": run.id, "try": "", **(labels or {}), "stage": stage}
        task |= {**place, "where": where.to_json(), "labels": named}
    started = False
    for line in talk(run.folder, task, tail):
        started = started or line.startswith(f"Running stage '{stage}'")
        log(line)
    result = json.loads(tail.pop())
    see_that_accepted(run, result)
    if result["status"]:
        raise failed(stage, result, list(tail))
    why = reasons(before, entry_of(run.folder, stage)) if started else ("restored from the cache",)
    return Outcome("ran" if started else "cached", why, time.monotonic() - began)


def unchanged(run: Run) -> tuple[str, ...]:
    """The stages of the run that have nothing to do, by DVC's own word."""
    return ask(run.folder, run.stages, "unchanged", bool(run.url))


def stale(run: Run) -> tuple[str, ...]:
    """The stages of the run that have no good result, by DVC's own word."""
    return ask(run.folder, run.stages, "stale", bool(run.url))


def see_that_sound(run: Run, paths: Sequence[str], push: bool = False) -> None:
    """Raise PipelineError if what leaves the workspace is not what the lock says.

    Args:
        paths: outs that are to be read from the cache.
        push: whether all that the remote lacks leaves as well.
    """
    order(run, {"do": "sound", "paths": list(paths), "stages": list(run.stages) if push else []})


def push(run: Run) -> None:
    """Push what the stages of the run made to the default remote."""
    order(run, {"do": "push", "stages": list(run.stages)})


def fetch(run: Run, paths: Sequence[str]) -> None:
    """Bring outs into the workspace, from the cache or, where it is not shared, from the remote."""
    order(run, {"do": "fetch", "paths": list(paths), "remote": bool(run.url)})


def order(run: Run, task: dict[str, Any]) -> None:
    """Let a DVC process do a task that has no answer.

    Raises:
        PipelineError: it could not be done.
    """
    see_that_accepted(run, answer(run.folder, task))


def answer(folder: Path, task: dict[str, Any]) -> dict[str, Any]:
    """What a DVC process that says nothing on the way has found."""
    tail: deque[str] = deque(maxlen=40)
    for _ in talk(folder, {**task, "lock_wait_s": 60}, tail):
        pass
    found = json.loads(tail.pop())
    assert isinstance(found, dict)
    return found


def see_that_accepted(run: Run, result: dict[str, Any]) -> None:
    """Raise PipelineError if the DVC process refused its task; it says which stage can mend it."""
    if "again" in result:
        again(run, result["again"]).touch()
    if "refused" in result:
        raise PipelineError(*result["refused"])


def again(run: Run, stage: str) -> Path:
    """A file that is there when a stage has something to do, though the run opened without it."""
    return run.folder / ".dvc" / "tmp" / f"leeway-again-{clean(stage)}"


def ask(
    folder: Path, stages: Sequence[str], question: str, remote: bool = False
) -> tuple[str, ...]:
    """The stages of a working tree for which a DVC process says yes.

    Args:
        remote: whether outs count that only the DVC remote holds.
    """
    task = {"do": question, "stages": list(stages), "remote": remote}
    return tuple(answer(folder, task)[question])


def failed(stage: str, result: dict[str, Any], tail: list[str]) -> StageFailed:
    """The error of a step, in its own words."""
    words = [line for line in tail if line.strip() and not line.startswith("ERROR:")]
    said = [line for line in words if line.strip().startswith("Next:")]
    if said:
        index = max(i for i, line in enumerate(words) if line == said[-1])
        what, fix = words[max(index - 1, 0)], words[index].strip().removeprefix("Next:").strip()
        return StageFailed(what, fix, result["status"])
    # What DVC itself says before it runs a step is no word of the step's.
    own = [line for line in words if not line.startswith(("Running stage ", "> "))]
    last = " / ".join(own[-2:]) or result.get("problem", "it said nothing")
    what = f"Stage {stage!r} ended with {result['status']}: {last}"
    return StageFailed(what, "read its log above, mend it, and clear the task.", result["status"])


def reasons(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    """Which dep, param or command changed between two lock entries."""
    if not before:
        return ("it never ran before",)
    found = ["the command changed"] if before.get("cmd") != after.get("cmd") else []
    old, new = (
        {
            dep["path"]: {k: v for k, v in dep.items() if k != "path"}
            for dep in entry.get("deps", [])
        }
        for entry in (before, after)
    )
    found += [f"dep {path} changed" for path in new if path in old and old[path] != new[path]]
    found += [f"dep {path} is new" for path in new if path not in old]
    found += [f"dep {path} is gone" for path in old if path not in new]
    was, now = flat(before.get("params", {})), flat(after.get("params", {}))
    for name in sorted({*was, *now}):
        if was.get(name) != now.get(name):
            found.append(f"param {name} changed from {was.get(name)!r} to {now.get(name)!r}")
    return tuple(found or ["its outs were not in the cache, or not what the lock says"])


def flat(params: dict[str, Any]) -> dict[str, object]:
    """Dotted names of all params, whatever file they are in."""
    from include.pipeline.params_file import flatten

    return {name: value for held in params.values() for name, value in flatten(held).items()}
