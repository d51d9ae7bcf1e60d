"""Run one stage of a run by DVC, and say what happened and why."""

import json
import os
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from include.errors import PipelineError
from include.pipeline import memory
from include.pipeline.asking import OrderRefused, ask
from include.pipeline.child import files
from include.pipeline.child.orders import Answer, Entry, Order, Reproduce, Reproduced, Usage
from include.pipeline.cost import Cost
from include.pipeline.cost_of_run import charge
from include.pipeline.params_file import flatten
from include.pipeline.places.mounts import below
from include.pipeline.places.where import Contained, Where
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
    usage: Usage | None = None  # of DVC and its step, if one was asked
    cost: Cost | None = None  # of all tries in this run


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
    see_that_git_is_the_run_s(run)  # before it counts as a try
    heard = Heard(stage, log)
    try:
        found = asked(run, order_of(run, stage, where, labels or {}), lock_wait_s, heard)
    except BaseException:  # also of a timeout: what it took until then is paid for all the same
        charge(run, stage, time.monotonic() - began, None, {}, ran=heard.started)
        raise
    started, seconds = heard.started, time.monotonic() - began
    entry = found.made.entry if found.made else {}
    cost = charge(run, stage, seconds, found.usage, entry, ran=started)
    if found.status or found.made is None:
        raise failed(run, stage, found, list(heard.tail))
    made, new = found.made, started or found.made.start != found.made.entry
    new = new or bool((read_made(run, stage) or {}).get("new"))
    files.write(made_of(run, stage), json.dumps({**asdict(made), "new": new}, default=str))
    why: tuple[str, ...] = ("restored from the cache",)
    if started:
        why = reasons(made.start, made.entry)
    elif made.start == made.entry:
        why = (UNCHANGED,)
    return Outcome("ran" if started else "cached", why, seconds, found.usage, cost)


class Heard:
    """What a stage says on its way: passed on, and its last lines kept."""

    def __init__(self, stage: str, log: Log) -> None:
        self.sign, self.log = f"Running stage '{stage}'", log
        self.started, self.tail = False, deque[str](maxlen=40)

    def __call__(self, line: str) -> None:
        """One line of output."""
        self.started = self.started or line.startswith(self.sign)
        self.tail.append(line)
        self.log(line)


def order_of(
    run: Run, stage: str, where: Where | None, labels: Mapping[str, str]
) -> Order[Reproduced]:
    """What is to be done about a stage: in a process of this task, or in a container or pod."""
    if where is not None:
        touch(contained(run))
    opened, begin = guard(run, stage)
    recall = str(memory.beside(own(run.top), stage))
    apart = bool(run.url)
    step = Reproduce(stage, apart, apart or run.remote, recall, opened, begin)
    if where is None:
        return step
    named = {"dag": "", "run": run.id, "try": "", **labels, "stage": stage}
    return Contained(step, where, named, run.folder, run.top, run.cache_dir, run.repo)


def guard(run: Run, stage: str) -> tuple[dict[str, Any] | None, Entry | None]:
    """What dvc.yaml and the lockfile said of a stage as the run began, where a step may write both.

    The lockfile counts for the first try alone: a later one goes on with what an earlier one made.
    """
    if not contained(run).exists():
        return None, None
    held = json.loads(began_of(run.top).read_text())[stage]
    first = not tried(run, stage).exists()
    touch(tried(run, stage))
    return held["opened"], held["entry"] if first else None


def see_that_git_is_the_run_s(run: Run) -> None:
    """Raise PipelineError if a step made a repository between the workspace's root and DVC's.

    Git and DVC would take it for the run's own, and do what its settings say.
    """
    for place in below(run.folder, run.top):
        if os.path.lexists(place / ".git"):
            name = (place / ".git").relative_to(run.top)
            what = f"{name} is no part of the run's commit: a step of the run made it."
            raise PipelineError(what, "let no stage write there, then trigger a new run.")


def asked(
    run: Run, order: Order[Answer], lock_wait_s: float = 60, heard: Callable[[str], object] = len
) -> Answer:
    """What a DVC process in the workspace of a run answers to an order.

    Raises:
        PipelineError: it cannot be carried out.
    """
    see_that_git_is_the_run_s(run)
    try:
        return ask(run.folder, order, lock_wait_s=lock_wait_s, heard=heard)
    except OrderRefused as error:
        if error.again:
            touch(again(run, error.again))
        raise


def failed(run: Run, stage: str, found: Reproduced, tail: list[str]) -> StageFailed:
    """The error of a step, in its own words, and what can be done about it in a run."""
    words = [line for line in tail if line.strip() and not line.startswith("ERROR:")]
    said = [line for line in words if line.strip().startswith("Next:")]
    if said:
        index = max(i for i, line in enumerate(words) if line == said[-1])
        what, fix = words[max(index - 1, 0)], words[index].strip().removeprefix("Next:").strip()
        return StageFailed(what, fix + in_a_run(run, f"{what} {fix}"), found.status)
    # What DVC itself says before it runs a step is no word of the step's.
    own = [line for line in words if not line.startswith(("Running stage ", "> "))]
    last = " / ".join(own[-2:]) or found.problem or "it said nothing"
    what = f"Stage {stage!r} ended with {found.status}: {last}"
    fix = "read its log above. If it was the machine, clear the task; "
    fix += "if it is in the repository, mend and commit it, and trigger a new run."
    return StageFailed(what, fix, found.status)


def beyond(usage: Usage | None, memory_gb: float | None) -> str:
    """What to say of a step that took more memory than its stage declares; empty if it did not.

    Args:
        memory_gb: meta.resources.memory_gb of the stage.
    """
    if usage is None or memory_gb is None or usage.peak_gb <= memory_gb:
        return ""
    took = f"its largest process took {usage.peak_gb:.2f} GB"
    return f"{took}, more than the {memory_gb:g} GB of meta.resources.memory_gb"


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


def reasons(before: Entry, after: Entry) -> tuple[str, ...]:
    """Which dep, param or command changed between two entries of a lockfile."""
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
    return tuple(found or ["it always runs, or its outs were not in the cache as they were"])


def flat(params: dict[str, Any]) -> dict[str, object]:
    """Dotted names of all params, whatever file they are in."""
    return {name: value for held in params.values() for name, value in flatten(held).items()}
