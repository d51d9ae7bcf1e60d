"""`leeway run`: one DAG to its end, with what each task does on the way."""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from include.airflow_site import processes
from include.airflow_site.api import AirflowApi
from include.airflow_site.settings import Site
from include.command.airflow import site_of
from include.command.unended import Entry, in_the_way, the_same, unended, waiting, without
from include.command.words import Add
from include.errors import PipelineError, at_most_ten, did_you_mean
from include.pipeline.git.listing import in_git
from include.pipeline.plan import MADE_FROM

ENDS = ("success", "failed")
PATIENCE_S = 20
EXAMPLES = """
  leeway run                          the only DAG of the repository
  leeway run train                    the DAG `train`
  leeway run --set train.depth=4      with another value of params.yaml
  leeway run --set other/params.yaml:lr=0.1
  leeway run --end train/manual__2026-01-01T06:00:00+00:00

A run of the same DAG, commit and values that was interrupted is taken up.
"""


def add_to(add: Add) -> None:
    """Add the command, and what it may be told."""
    told = add("run", "run a DAG to its end, and start Airflow for that if it is not up", EXAMPLES)
    told.add_argument("dag_id", nargs="?", metavar="DAG", help="needed if there are several")
    told.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="values",
        help="a value of a file of params, for this run alone; JSON, or else text",
    )
    told.add_argument(
        "--end",
        action="append",
        default=[],
        metavar="DAG/RUN",
        help="end a run that has not ended, as failed, before this one begins",
    )
    told.set_defaults(carry_out=run)


def run(words: argparse.Namespace) -> int:
    """Run one DAG, and stop Airflow again if it was not up before; 0 if the run is a success."""
    conf = dict(read_value(text) for text in words.values)
    site = site_of(words.repo)
    was_up = processes.up(site)
    rest = processes.start(site)
    try:
        dag_id = wait_for_dag(site, rest, words.dag_id)
        others = without(rest, unended(rest), words.end)
        run_id, said = begin(site, rest, others, dag_id, conf)
        print(f"{dag_id} {run_id}: {rest.url}/dags/{dag_id}/runs/{run_id}{said}", flush=True)
        try:
            state = follow(rest, dag_id, run_id)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(left(f"{dag_id}/{run_id}", was_up=was_up)) from None
        if state == "success":
            report(site, rest, dag_id, run_id)
        return 0 if state == "success" else 1
    finally:
        if not was_up:
            processes.stop(site)


def begin(
    site: Site, rest: AirflowApi, open_runs: Sequence[Entry], dag_id: str, conf: dict[str, object]
) -> tuple[str, str]:
    """Take up the run that an earlier command began, or else begin one.

    Returns:
        Its id, and what is to be said of it, and of others that have not ended.
    """
    found = the_same(site, rest, open_runs, dag_id, conf)
    if found is None:
        run_id, said = rest.trigger(dag_id, conf), ""
    else:
        rest.let_run(dag_id)
        run_id, said = found["dag_run_id"], "\n  It had not ended, and is taken up."
    others = [run for run in open_runs if run is not found]
    return run_id, said + in_the_way(site, rest, others, dag_id, waits=waiting(found))


def left(run: str, *, was_up: bool) -> str:
    """What becomes of a run whose command is interrupted."""
    if was_up:
        return f" to follow {run}: it goes on in Airflow, and the same command follows it again"
    return (
        f", and Airflow with it; {run} has not ended.\n"
        "  The same command takes it up, where commit and values are still the same.\n"
        f"  Whatever else starts Airflow lets it go on, but for `leeway run` with --end {run}"
    )


def read_value(text: str) -> tuple[str, object]:
    """NAME=VALUE, where VALUE is JSON or else text."""
    name, found, value = text.partition("=")
    if not found:
        raise PipelineError(
            f"--set {text} is not NAME=VALUE.", "write --set window.end=2013-09-01."
        )
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def wait_for_dag(site: Site, rest: AirflowApi, dag_id: str | None, seconds: float = 120) -> str:
    """The id of the DAG, or of the only one, when Airflow has read it as it is now.

    Raises:
        PipelineError: it has read all files, and there is no such DAG, or more than one.
    """
    until, changed = time.monotonic() + seconds, changed_at(site)
    while True:
        held = rest.dags(since=changed)
        if dag_id in held:
            return str(dag_id)
        errors = rest.import_errors(since=changed)
        files = {path.name for path in dag_files(site)}
        if files <= {*held.values(), *errors} or time.monotonic() > until:
            if dag_id is None and len(held) == 1 and not errors:
                return next(iter(held))
            raise unknown(dag_id, held, errors)
        time.sleep(0.2)


def dag_files(site: Site) -> list[Path]:
    """The files of the site's DAGs: others beside them do not speak of any."""
    found = sorted(site.dags.rglob("*.py"))
    return [path for path in found if "dag" in path.read_text(errors="replace").lower()]


def changed_at(site: Site) -> float:
    """When a DAG file, or a file that the graph is made from, was last written."""
    files = [*dag_files(site), site.repo / "params.yaml"]
    files += [site.repo / name for name in in_git(site.repo, *MADE_FROM)]
    return min(time.time(), max(file.stat().st_mtime for file in files if file.exists()))


def unknown(
    dag_id: str | None, held: Mapping[str, str], errors: Mapping[str, str]
) -> PipelineError:
    """Say what there is, and which file cannot be read: it may be the one."""
    if dag_id is None:
        what = f"Airflow has {len(held) or 'no'} DAGs that could be meant."
    else:
        what = f"Airflow has no DAG {dag_id!r}.{did_you_mean(dag_id, held)}"
    for file, trace in errors.items():
        what += f"\nThe DAG file {file} cannot be read: {trace.strip()}"
    ways = [f"name one of {at_most_ten(sorted(held))}"] if held else []
    ways += ["mend the file"] if errors else []
    return PipelineError(what, f"{', or '.join(ways) or 'draw one by `pipeline_dag`'}.")


def follow(rest: AirflowApi, dag_id: str, run_id: str) -> str:
    """Print what each task does until the run ends, and return its state.

    Raises:
        PipelineError: nothing goes on, for the file of the DAG cannot be read any more.
    """
    seen: dict[str, str] = {}
    began = last = news = time.monotonic()
    while True:
        tasks = sorted(rest.tasks(dag_id, run_id), key=lambda task: task["start_date"] or "~")
        for task in tasks:
            name, now = task["task_id"], str(task["state"])
            if seen.get(name) == now or now not in ("running", *ENDS, "up_for_retry"):
                continue
            seen[name], news = now, time.monotonic()
            line = f"{time.monotonic() - began:6.1f} s  {name:24} {now}"
            print(line + told(rest, dag_id, run_id, task), flush=True)
        if any(task["state"] in ("running", "queued") for task in tasks):
            last = time.monotonic()
        elif (state := str(rest.run(dag_id, run_id)["state"])) in ENDS:
            return state
        elif time.monotonic() > last + PATIENCE_S:
            see_that_read(rest, dag_id)
        # Each look takes of a processor that the stages want: of a long one there are fewer.
        time.sleep(min(2, 0.5 + (time.monotonic() - news) / 20))


def see_that_read(rest: AirflowApi, dag_id: str) -> None:
    """Refuse to wait for tasks that Airflow cannot start.

    Raises:
        PipelineError: the file of the DAG cannot be read.
    """
    held = rest.dag(dag_id)
    if held is None or held["is_stale"] or held["has_import_errors"]:
        raise unknown(dag_id, {}, rest.import_errors())


def told(rest: AirflowApi, dag_id: str, run_id: str, task: dict[str, Any]) -> str:
    """What a task that ended has to say: why it ran, or the last lines of its log."""
    name, now = task["task_id"], task["state"]
    if now == "success" and task.get("note"):
        return f" ({task['note']})"
    if now in ("failed", "up_for_retry"):
        lines = rest.log(dag_id, run_id, name, task["try_number"])
        shown = [line for line in lines if line.strip()][-12:]
        return "\n" + "\n".join(f"          {line}" for line in shown)
    return ""


def report(site: Site, rest: AirflowApi, dag_id: str, run_id: str) -> None:
    """Print the experiment, the metrics and the reports of a run."""
    from include import summary
    from include.pipeline.workspace import reports_of

    name = rest.result(dag_id, run_id, "close_run")
    kept = reports_of(site.leeway, dag_id, run_id)
    if kept.exists():
        print("\n".join(summary.lines(kept, site.repo)))
    print(f"\nExperiment {name}\n  see it: dvc exp show\n  take it: dvc exp apply {name}")
