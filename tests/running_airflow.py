"""Runs a real Airflow for tests: its own database, port and processes, in a folder of its own."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from include.airflow_api import AirflowApi
from include.embedded import processes
from include.embedded.settings import Site

SMALL_DAG = '''"""The small repository of the tests, as an Airflow DAG."""

from datetime import UTC, datetime

from dvc_dag import pipeline_dag

small = pipeline_dag(
    "small",
    targets=["."],
    form={"shout.times": {"minimum": 1, "maximum": 9}, "shout.mark": {}},
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
    try:
        yield site, processes.start(site)
    finally:
        processes.stop(site)


def wait_for_dag(api: AirflowApi, dag_id: str, seconds: float = 60) -> None:
    wait_until(lambda: api.dag(dag_id) is not None, seconds)


def wait_until(condition, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not so within {seconds:.0f} s"
        time.sleep(0.1)


def ended(api: AirflowApi, dag_id: str, run_id: str, seconds: float = 120) -> str:
    """The state in which a run ends."""
    wait_until(lambda: api.run(dag_id, run_id)["state"] in ("success", "failed"), seconds)
    return str(api.run(dag_id, run_id)["state"])


def states(api: AirflowApi, dag_id: str, run_id: str) -> dict[str, str]:
    return {task["task_id"]: task["state"] for task in api.tasks(dag_id, run_id)}
