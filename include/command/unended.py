"""Runs that have not ended: the one that a command takes up, and those that are in its way."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from include.airflow_site.api import AirflowApi
from include.airflow_site.settings import Site
from include.errors import PipelineError, at_most_ten, did_you_mean
from include.pipeline.git.command import git
from include.pipeline.workspace import Run, place_of, run_of

Entry = Mapping[str, Any]  # a run, as Airflow's REST API has it


def unended(rest: AirflowApi) -> list[Entry]:
    """The runs that wait or work, of DAGs that are still there."""
    found = rest.unended()
    held = rest.dags() if found else {}
    return [run for run in found if run["dag_id"] in held]


def without(rest: AirflowApi, runs: Sequence[Entry], ended: Sequence[str]) -> list[Entry]:
    """End some of the runs, and return the others.

    Raises:
        PipelineError: there is no such run.
    """
    known = [name_of(run) for run in runs]
    for name in ended:
        if name not in known:
            what = f"No run {name!r} waits or works.{did_you_mean(name, known)}"
            fix = f"name one of {at_most_ten(known)}" if known else "leave out --end"
            raise PipelineError(what, f"{fix}.")
    for run in runs:
        if name_of(run) in ended:
            rest.end(run["dag_id"], run["dag_run_id"])
    return [run for run in runs if name_of(run) not in ended]


def name_of(run: Entry) -> str:
    """A run as people name it: two DAGs may have runs of one id."""
    return f"{run['dag_id']}/{run['dag_run_id']}"


def the_same(
    site: Site, rest: AirflowApi, runs: Sequence[Entry], dag_id: str, conf: Mapping[str, object]
) -> Entry | None:
    """The run that is what a new one would be: by hand, of this DAG, with these values, of this
    commit. None if there is none."""
    for run in runs:
        by_hand = run["run_type"] == "manual" and run["logical_date"] is None
        if run["dag_id"] == dag_id and by_hand and (run["conf"] or {}) == conf:
            opened = run_of(place_of(site.leeway, dag_id, run["dag_run_id"]))
            if is_of_now(opened) if opened else not has_opened(rest, run):
                return run
    return None


def has_opened(rest: AirflowApi, run: Entry) -> bool:
    """Whether a task of a run has done something: it is of a commit by then."""
    tasks = rest.tasks(run["dag_id"], run["dag_run_id"])
    return any(task["state"] in ("success", "failed") for task in tasks)


def is_of_now(run: Run) -> bool:
    """Whether the commit of a run is what a new one would be of.

    Raises:
        PipelineError: no run can be opened of the working tree as it is.
    """
    from include.pipeline.opening.open_run import pinned  # only to be asked of a run that is open

    commit, snapshot, _ = pinned(run.repo, run.id, travels=bool(run.url))
    if not snapshot or not run.snapshot:
        return commit == run.commit
    # Of the same files, and with the same commit below them.
    held = [git(run.repo, "rev-parse", f"{c}^{{tree}}", f"{c}^") for c in (commit, run.commit)]
    return held[0] == held[1]


def waiting(run: Entry | None) -> bool:
    """Whether a run has not begun yet."""
    return run is None or run["state"] == "queued"


def in_the_way(
    site: Site, rest: AirflowApi, runs: Sequence[Entry], dag_id: str, *, waits: bool
) -> str:
    """Lines that name the runs beside one, and say how to end them; nothing if there are none.

    Args:
        waits: whether the one has not begun, and may have to wait for them.
    """
    if not runs:
        return ""
    ours = [run for run in runs if run["dag_id"] == dag_id]
    most = (rest.dag(dag_id) or {}).get("max_active_runs")
    place = "beside it, as long as Airflow is up"
    if waits and most and len(ours) >= most:
        place = f"before it, for {dag_id} works on {most} at a time"
    end = f"To end one: the same command with --end {name_of(runs[0])}"
    return f"{listed(site, runs, place)}\n  {end}"


def listed(site: Site, runs: Sequence[Entry], place: str) -> str:
    """Lines that name runs, and where they go on."""
    lines = [f"These runs have not ended, and go on {place}:"]
    lines += [f"  {about(site, run)}" for run in runs[:10]]
    lines += [f"  and {len(runs) - 10} more"] if len(runs) > 10 else []
    return "".join(f"\n  {line}" for line in lines)


def about(site: Site, run: Entry) -> str:
    """A run, with its state, its values and its commit."""
    values = ", ".join(f"{name}={json.dumps(value)}" for name, value in (run["conf"] or {}).items())
    opened = run_of(place_of(site.leeway, run["dag_id"], run["dag_run_id"]))
    said = [run["state"], f"with {values}" if values else "", commit_of(opened)]
    return f"{name_of(run)} ({', '.join(filter(None, said))})"


def commit_of(run: Run | None) -> str:
    """The commit of a run, if it has one yet."""
    if run is None:
        return ""
    return f"of {'a working tree' if run.snapshot else f'commit {run.commit[:10]}'}"
