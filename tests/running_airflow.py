"""Runs a real Airflow for tests: its own database, port and processes, in a folder of its own."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from include.airflow_site import processes, settings
from include.airflow_site.api import AirflowApi
from include.airflow_site.settings import Site, prepare
from include.errors import PipelineError

# A look takes the server some 10 ms of a processor that tasks and other tests want.
LOOK_S = 0.3
SMALL_DAG = '''"""The small repository of the tests, as an Airflow DAG."""

from datetime import UTC, datetime

from dvc_dag import pipeline_dag

small = pipeline_dag(
    "small",
    targets=["."],
    form={"shout.times": {"minimum": 1, "maximum": 9}, "shout.mark": {"pattern": "^[!?.]*$"}},
    reports=["second/shout.txt"],
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    max_active_runs=20,
    default_args={"retries": 0},
)
'''


@contextmanager
def running(repo: Path) -> Iterator[tuple[Site, AirflowApi]]:
    site = Site.of(repo)
    put_database(site.home)
    with pytest.MonkeyPatch.context() as patch:
        # As seldom as Airflow does by default: who edits no graph has no use for the time it takes.
        patch.setitem(settings.FIXED, "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL", "30")
        try:
            yield site, processes.start(site)
        finally:
            processes.stop(site)


def put_database(home: Path) -> None:
    """Give a new Airflow the database that it would make; all processes of the tests share one."""
    folder = Path(os.environ["SHARED_BY_TESTS"]) / "airflow"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        prepare(folder)
        own = {name: held for name, held in os.environ.items() if "AIRFLOW__" not in name}
        try:
            processes.migrate(folder, {**own, "AIRFLOW_HOME": str(folder)})
        except PipelineError:
            raise AssertionError((folder / "logs/migrate.log").read_text()) from None
    prepare(home)
    for name in ("airflow.db", "migrated_by"):
        shutil.copy(folder / name, home)


def wait_for_dag(api: AirflowApi, dag_id: str, seconds: float = 60) -> None:
    wait_until(lambda: api.dag(dag_id) is not None, seconds)


def wait_until(condition, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not so within {seconds:.0f} s"
        time.sleep(LOOK_S)


def ended(api: AirflowApi, dag_id: str, run_id: str, still_s: float = 300) -> str:
    """The state in which a run ends, however long it takes while tasks of any run change.

    Raises:
        AssertionError: for so many seconds, no task of any run came or changed its state.
    """
    seen, until, look = None, 0.0, 0.0
    while (state := api.run(dag_id, run_id)["state"]) not in ("success", "failed"):
        if time.monotonic() > look:
            look = time.monotonic() + 5
            now = all_states(api)
            if now != seen:
                seen, until = now, time.monotonic() + still_s
            assert time.monotonic() < until, stuck(api, dag_id, run_id, state, still_s)
        time.sleep(LOOK_S)
    return str(state)


def all_states(api: AirflowApi) -> dict[tuple[str, str, str], tuple[str, int]]:
    """The state of each task of each run, with its try."""
    found = api.listed("/dags/~/dagRuns/~/taskInstances", "task_instances")
    return {
        (task["dag_id"], task["dag_run_id"], task["task_id"]): (task["state"], task["try_number"])
        for task in found
    }


def stuck(api: AirflowApi, dag_id: str, run_id: str, state: str, seconds: float) -> str:
    """What is known of a run in which nothing happens any more."""
    others = {key: kept for key, kept in all_states(api).items() if kept[0] != "success"}
    health = api.call("GET", "/monitor/health")
    return (
        f"{dag_id}, {run_id} is {state}, and no task has changed for {seconds:.0f} s.\n"
        f"Its tasks: {states(api, dag_id, run_id)}\nOthers: {others}\nHealth: {health}"
    )


def states(api: AirflowApi, dag_id: str, run_id: str) -> dict[str, str]:
    return {task["task_id"]: task["state"] for task in api.tasks(dag_id, run_id)}
