"""Run one stage of a run by DVC, and say what happened and why."""

import json
import os
import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from include.errors import PipelineError
from include.pipeline import files, memory
from include.pipeline.params_file import flatten
from include.pipeline.process import talk
from include.pipeline.runtime import Where, below
from include.pipeline.workspace import (
    Run,
    again,
    began_of,
    contained,
    made_of,
    own,
    read_made,
    touch,
    tried,
)

Log = Callable[[str], None]
UNCHANGED = "no dep, param or command changed"
ABSENT = "the values of this run leave it out of the graph"


@dataclass(frozen=True)
class Outcome:
    """What a stage did: `cached` if nothing had to run."""

    status: Literal["cached", "ran", "left out"]
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
    if stage not in run.stages:
        return Outcome("left out", (ABSENT,), time.monotonic() - began)
    if stage in run.unchanged and not again(run, stage).exists():
        return Outcome("cached", (UNCHANGED,), time.monotonic() - began)
    if not run.folder.exists():
        what = f"The workspace of run {run.id} is gone: the run was closed, or left for too long."
        raise PipelineError(what, "clear open_run and all that follows it, or trigger a new run.")
    see_that_git_is_the_run_s(run)
    tail: deque[str] = deque(maxlen=40)
    task: dict[str, Any] = {"do": "reproduce", "stage": stage, "lock_wait_s": lock_wait_s}
    task |= {"workspace": True, "remote": bool(run.url), "fetch": bool(run.url) or run.remote}
    task["recall"] = str(memory.beside(own(run.top), stage))
    if where is not None:
        touch(contained(run))
    task |= guard(run, stage)
    if where is not None:
        place = {"folder": run.folder, "top": run.top, "cache": run.cache_dir, "repo": run.repo}
        named = {"dag": "", "run": run.id, "try": "", **(labels or {}), "stage": stage}
        task |= {name: str(path) for name, path in place.items()}
        task |= {"where": where.to_json(), "labels": named}
    started = False
    for line in talk(run.folder, task, tail):
        started = started or line.startswith(f"Running stage '{stage}'")
        log(line)
    result = json.loads(tail.pop())
    see_that_accepted(run, result)
    if result["status"]:
        raise failed(run, stage, result, list(tail))
    made = result["made"]
    new = (
        started or made["start"] != made["entry"] or bool((read_made(run, stage) or {}).get("new"))
    )
    files.write(made_of(run, stage), json.dumps({**made, "new": new}))
    why: tuple[str, ...] = ("restored from the cache",)
    if started:
        why = reasons(made["start"], made["entry"])
    elif made["start"] == made["entry"]:
        why = (UNCHANGED,)
    return Outcome("ran" if started else "cached", why, time.monotonic() - began)


def guard(run: Run, stage: str) -> dict[str, Any]:
    """What dvc.yaml and the lock said of a stage as the run began, where a step may change both.

    The lock counts for the first try alone: a later one goes on with what an earlier one made.
    """
    if not contained(run).exists():
        return {"opened": None, "begin": None}
    held = json.loads(began_of(run.top).read_text())[stage]
    first = not tried(run, stage).exists()
    touch(tried(run, stage))
    return {"opened": {stage: held["opened"]}, "begin": held["entry"] if first else None}


def see_that_git_is_the_run_s(run: Run) -> None:
    """Raise PipelineError if a step made a repository between the workspace's root and DVC's.

    Git and DVC would take it for the run's own, and do what its settings say.
    """
    for place in below(run.folder, run.top):
        if os.path.lexists(place / ".git"):
            name = (place / ".git").relative_to(run.top)
            what = f"{name} is no part of the run's commit: a step of the run made it."
            raise PipelineError(what, "let no stage write there, then trigger a new run.")


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
    order(run, {"do": "fetch", "paths": list(paths), "apart": bool(run.url)})


def order(run: Run, task: dict[str, Any]) -> dict[str, Any]:
    """Let a DVC process do a task in the workspace of a run, and return what it found.

    Raises:
        PipelineError: it could not be done.
    """
    see_that_git_is_the_run_s(run)
    found = answer(run.folder, {**task, "workspace": True})
    see_that_accepted(run, found)
    return found


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
        touch(again(run, result["again"]))
    if "refused" in result:
        raise PipelineError(*result["refused"])


def failed(run: Run, stage: str, result: dict[str, Any], tail: list[str]) -> StageFailed:
    """The error of a step, in its own words, and what can be done about it in a run."""
    words = [line for line in tail if line.strip() and not line.startswith("ERROR:")]
    said = [line for line in words if line.strip().startswith("Next:")]
    if said:
        index = max(i for i, line in enumerate(words) if line == said[-1])
        what, fix = words[max(index - 1, 0)], words[index].strip().removeprefix("Next:").strip()
        return StageFailed(what, fix + in_a_run(run, f"{what} {fix}"), result["status"])
    # What DVC itself says before it runs a step is no word of the step's.
    own = [line for line in words if not line.startswith(("Running stage ", "> "))]
    last = " / ".join(own[-2:]) or result.get("problem", "it said nothing")
    what = f"Stage {stage!r} ended with {result['status']}: {last}"
    fix = "read its log above. If it was the machine, clear the task; "
    fix += "if it is in the repository, mend and commit it, and trigger a new run."
    return StageFailed(what, fix, result["status"])


def in_a_run(run: Run, said: str) -> str:
    """What a step's advice means in a run: its files and values are those that it began with."""
    words = {*re.findall(r"[\w.]+\w", said)}
    given = [name for name in run.params if words & {name, name.rsplit(".", 1)[0]}]
    if given:
        values = ", ".join(f"{name} = {run.params[name]!r}" for name in given)
        return f" This run was given {values} and keeps it: trigger a new run with another value."
    if words & {"params.yaml", "dvc.yaml"}:
        commit = f"This run keeps what commit {run.commit[:10]} says"
        return f" {commit}: commit the change, or give the value, and trigger a new run."
    return ""


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
    return {name: value for held in params.values() for name, value in flatten(held).items()}
