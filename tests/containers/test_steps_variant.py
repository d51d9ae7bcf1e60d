"""compose.steps.yaml: the same DAG, each stage in a container of its own, made by its worker."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployment import (
    WINDOW,
    Deployment,
    deployed,
    finished,
    started,
)
from engine import Engine
from running_airflow import wait_until

from include.pipeline.names import run_name

pytestmark = pytest.mark.containers

STAGES = {
    *("ingest_flights", "validate_flights", "build_features", "train_xgboost", "train_torch"),
    *("evaluate_models", "package_bento", "report_drift", "materialize_features"),
    "fetch_champion",
    "judge_promotion",
}
QUICK = """
services:
  scheduler:
    environment: {AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT: "30"}
"""


@pytest.fixture(scope="module")
def platform(docker: Engine, images: object, source: Path) -> Iterator[Deployment]:
    (source / "quick.yaml").write_text(QUICK)
    with deployed(docker, source, ":containers/compose.steps.yaml:quick.yaml") as made:
        yield made


@pytest.fixture(scope="module", autouse=True)
def events(docker: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What the engine tells of the containers of stages, a line each: it forgets soon."""
    path = tmp_path_factory.mktemp("events") / "events"
    command = ["events", "--filter", "label=leeway.stage", "--format", "{{json .}}"]
    with path.open("w") as file:
        process = subprocess.Popen([docker.client, *command], env=docker.env, stdout=file)
        yield path
        process.terminate()
        process.wait()


def containers_of(platform: Deployment, run_id: str, *, all: bool = True) -> list[dict[str, Any]]:
    """The containers of a run's stages, as the engine describes them."""
    words = ["ps", "--quiet", "--no-trunc", "--filter", f"label=leeway.run=flight_delays.{run_id}"]
    ids = platform.docker(*words, *(["--all"] if all else [])).split()
    return json.loads(platform.docker("inspect", *ids, check=False)) if ids else []


def lives(events: Path, run_id: str) -> dict[str, list[tuple[float, float]]]:
    """From when to when each container of a run ran, by its stage."""
    found: dict[str, dict[str, list[float]]] = {}
    for event in map(json.loads, events.read_text().splitlines()):
        labels = event["Actor"]["Attributes"]
        if labels["leeway.run"] == f"flight_delays.{run_id}" and event["Action"] in (
            "start",
            "die",
        ):
            moments = found.setdefault(labels["leeway.stage"], {})
            moments.setdefault(event["Actor"]["ID"], []).append(event["timeNano"] / 1e9)
    return {
        stage: sorted((begun, ended) for begun, ended in held.values())
        for stage, held in found.items()
    }


def test_each_stage_ran_in_one_container_that_is_gone(
    platform: Deployment, run: Any, events: Path
) -> None:
    ran = {name: len(held) for name, held in lives(events, run["dag_run_id"]).items()}
    assert ran == dict.fromkeys(STAGES, 1)
    assert containers_of(platform, run["dag_run_id"]) == []


def test_the_run_gives_the_lock_of_dvc_repro(
    platform: Deployment, run: Any, plain_lock: str
) -> None:
    assert platform.lock(run["dag_run_id"]) == plain_lock


def test_the_network_and_redis_are_there_for_the_stage_that_asks(
    platform: Deployment, run: Any
) -> None:
    assert platform.keys() > 100


def test_a_stage_that_is_marked_failed_is_gone_with_its_container(
    platform: Deployment, run: Any
) -> None:
    rest = platform.rest("operator")
    run_id = started(platform, {**WINDOW, "train_torch.epochs": 999})
    wait_until(lambda: containers_of(platform, run_id, all=False), 120)
    path = f"/dags/flight_delays/dagRuns/{run_id}/taskInstances/train_torch"
    rest.call("PATCH", path, {"new_state": "failed"})
    began = time.monotonic()
    wait_until(lambda: not containers_of(platform, run_id), 10)
    print(f"gone {time.monotonic() - began:.1f} s after it was marked failed")
    assert finished(rest, run_id, within_s=60)["state"] == "failed"


def test_a_container_that_a_killed_worker_left_never_runs_beside_its_retry(
    platform: Deployment, run: Any, events: Path
) -> None:
    # Long enough to outlive its worker, so that the retry meets it.
    run_id = started(platform, {**WINDOW, "train_torch.epochs": 40})
    wait_until(lambda: containers_of(platform, run_id, all=False), 120)
    time.sleep(5)
    (left,) = containers_of(platform, run_id, all=False)
    workspace = f"/leeway/home/runs/{run_name('flight_delays', run_id)}"
    assert sees(left) == {
        workspace: "rw",
        f"{workspace}/.git": "ro",
        f"{workspace}/.dvc": "ro",
        f"{workspace}/.dvc/tmp": "rw",
        "/leeway/repository/.dvc/cache": "rw",
        "/leeway/repository/.git": "ro",
    }
    os.kill(platform.services()["worker-gpu-stand-in"]["State"]["Pid"], signal.SIGKILL)
    time.sleep(2)
    assert [one["Id"] for one in containers_of(platform, run_id, all=False)] == [left["Id"]]
    again = finished(platform.rest("operator"), run_id, within_s=900)
    assert again["state"] == "success", {n: t["state"] for n, t in again["tasks"].items()}
    assert again["tasks"]["train_torch"]["try_number"] == 2
    (_, one_ended), (two_began, _) = lives(events, run_id)["train_torch"]
    print(f"the retry began {two_began - one_ended:.1f} s after the end of what was left")
    assert one_ended <= two_began
    assert containers_of(platform, run_id) == []


def sees(container: dict[str, Any]) -> dict[str, str]:
    """The folders that a container sees, and how."""
    binds = (bind.split(":") for bind in container["HostConfig"]["Binds"])
    return {place: mode for _, place, mode in binds}
