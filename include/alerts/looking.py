"""What is wrong with runs, and with what was watched: facts in, alarms out.

An alarm is None where all is well, and its key is absent where nobody can tell.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from include.alerts.incidents import Alarm
from include.errors import at_most_ten

Found = dict[str, Alarm | None]
ENDED = ("success", "failed")


@dataclass(frozen=True)
class Deadlines:
    """When a run, and when a next good run, is due."""

    ends_within: timedelta | None = None  # from when it was queued
    at_least_every: timedelta | None = None  # from one good end to the next


@dataclass(frozen=True)
class RunSeen:
    """A run of a DAG, as Airflow has it."""

    run_id: str
    state: str
    began: datetime | None
    ended: datetime | None


def at_runs(
    dag_id: str,
    runs: Sequence[RunSeen],
    due: Deadlines,
    now: datetime,
    failed_since: datetime | None = None,
) -> Found:
    """Look at the last runs of a DAG.

    Args:
        failed_since: when an incident of a failed run was opened, if one is open.
    """
    ended = [(run.ended, run) for run in runs if run.state in ENDED and run.ended]
    found: Found = {}
    if ended:
        at, last = max(ended, key=lambda pair: pair[0])
        # The callback of a task tells before its run has ended: a success before says nothing.
        if last.state == "failed" or not at_work(runs, at, failed_since):
            found[f"{dag_id}:failed"] = failure(dag_id, last)
    if due.ends_within is not None:
        found[f"{dag_id}:overdue"] = overdue(dag_id, runs, due.ends_within, now)
    if due.at_least_every is not None and runs:
        found[f"{dag_id}:silent"] = silent(dag_id, runs, due.at_least_every, now)
    return found


def at_work(runs: Iterable[RunSeen], ended: datetime, since: datetime | None) -> bool:
    """Whether a run that may have failed since is still at work, and none has ended since."""
    if since is None or ended > since:
        return False
    return any(run.state not in ENDED and run.began and run.began <= since for run in runs)


def failure(dag_id: str, last: RunSeen) -> Alarm | None:
    """Whether the run that ended last has failed."""
    if last.state == "success":
        return None
    what = f"{last.run_id} ended on {moment(last.ended)}. The log of its task says what to do."
    return Alarm(f"A run of {dag_id} failed", f"{what}\nThen clear the task, and the run goes on.")


def overdue(dag_id: str, runs: Iterable[RunSeen], within: timedelta, now: datetime) -> Alarm | None:
    """Whether a run is not at its end by its deadline."""
    slow = [
        f"{run.run_id}, {run.state} since {moment(run.began)}"
        for run in runs
        if run.state not in ENDED and run.began and now - run.began > within
    ]
    if not slow:
        return None
    return Alarm(
        f"A run of {dag_id} is overdue", f"It is to end within {within}: {at_most_ten(slow)}."
    )


def silent(dag_id: str, runs: Sequence[RunSeen], every: timedelta, now: datetime) -> Alarm | None:
    """Whether the last good run is too long ago, or none came since the first that is known."""
    good = [run.ended for run in runs if run.state == "success" and run.ended]
    first = min((run.began or run.ended or now for run in runs), default=now)
    if now - max(good, default=first) <= every:
        return None
    last = f"The last good run ended on {moment(max(good))}" if good else ""
    last = last or f"No run was good since {moment(first)}"
    what = f"{last}; one is due every {every}."
    fix = "See whether the DAG is paused, and whether the scheduler is at work."
    return Alarm(f"{dag_id} has not run", f"{what}\n{fix}")


def at_window(dag_id: str, window: Mapping[str, Any], kinds: Sequence[str]) -> Found:
    """Look at the newest window that was watched, at the checks of some kinds.

    A check that could not be measured opens and closes nothing; what then cannot be told is an
    alarm of its own.
    """
    about = f"{window['start']} to {window['end']}, model {window.get('model') or 'none'}"
    blind = Alarm(f"{dag_id} cannot tell whether the model is hurt", f"In {about}.")
    found: Found = {f"{dag_id}:blind": blind if window.get("state") == "blind" else None}
    for check in window["checks"]:
        if check.get("kind") not in kinds or check.get("value") is None:
            continue
        name = str(check["name"])
        alarm = Alarm(f"{dag_id}: {name} is beyond its limit", f"{check['reason']}\nIn {about}.")
        found[f"{dag_id}:{name}"] = None if check["passed"] else alarm
    return found


def moment(at: datetime | None) -> str:
    """A time, to the minute."""
    return f"{at:%Y-%m-%d %H:%M %Z}".strip() if at else "an unknown time"
