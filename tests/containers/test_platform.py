"""What the compose file promises, seen on a real engine. In order: it takes minutes."""

import contextlib
import os
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from deployment import (
    WINDOW,
    Deployment,
    finished,
    started,
    status,
)
from running_airflow import wait_until

from include.errors import PipelineError

pytestmark = pytest.mark.containers


def test_every_service_is_healthy(platform: Deployment) -> None:
    states = {
        name: one["State"].get("Health", one["State"])["Status"]
        for name, one in platform.services().items()
    }
    assert states == dict.fromkeys(
        (
            *("postgres", "broker", "online-store", "object-store", "api-server", "scheduler"),
            *("dag-processor", "triggerer", "worker", "worker-gpu-stand-in"),
            *("follower", "model-server"),
        ),
        "healthy",
    )


def test_nothing_runs_as_root_or_is_published_beyond_this_machine(platform: Deployment) -> None:
    for name, one in platform.services().items():
        assert platform.execute(name, "id", "-u") != "0", name
        ports = (one["NetworkSettings"]["Ports"] or {}).values()
        assert {place["HostIp"] for places in ports for place in places or []} <= {"127.0.0.1"}
        assert one["HostConfig"]["CapDrop"] == ["ALL"], name
        assert one["HostConfig"]["SecurityOpt"] == ["no-new-privileges:true"], name
        assert one["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped", name


def test_a_viewer_cannot_trigger_and_a_stranger_cannot_read(platform: Deployment) -> None:
    rest = platform.rest("viewer")
    until = time.monotonic() + 120
    while rest.dag("flight_delays") is None and time.monotonic() < until:
        time.sleep(1)
    with pytest.raises(PipelineError, match=r"dagRuns with 403"):
        rest.call("POST", "/dags/flight_delays/dagRuns", {"logical_date": None})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{platform.url('AIRFLOW')}/api/v2/dags")
    assert refused.value.code == 401


def test_an_operator_triggers_and_cannot_make_users(platform: Deployment, run: Any) -> None:
    assert run["state"] == "success", {n: t["state"] for n, t in run["tasks"].items()}
    assert users(platform, "admin") == {"viewer", "operator", "admin", "tasks"}
    with pytest.raises(PipelineError, match="with 403"):
        users(platform, "operator")


def users(platform: Deployment, login: str) -> set[str]:
    """The users that a login is told of."""
    rest = platform.rest(login)
    rest.call("GET", "/version")  # which logs it in
    return {user["username"] for user in rest.send("GET", "/auth/fab/v1/users", None)["users"]}


def test_the_run_gives_the_lock_of_dvc_repro(
    platform: Deployment, run: Any, plain_lock: str
) -> None:
    assert platform.lock(run["dag_run_id"]) == plain_lock


def test_the_gpu_stage_ran_on_the_gpu_worker_and_nothing_else_did(
    platform: Deployment, run: Any
) -> None:
    hosts = {name: one["Config"]["Hostname"] for name, one in platform.services().items()}
    ran = {name: task["hostname"] for name, task in run["tasks"].items()}
    assert {n for n, host in ran.items() if host == hosts["worker-gpu-stand-in"]} == {"train_torch"}
    assert {n for n, host in ran.items() if host == hosts["worker"]} == set(ran) - {"train_torch"}
    assert run["tasks"]["train_torch"]["queue"] == "gpu"


def test_the_data_of_the_run_is_in_the_object_store(platform: Deployment, run: Any) -> None:
    assert platform.objects() > 20


def test_the_features_are_in_the_online_store(platform: Deployment, run: Any) -> None:
    assert platform.keys() > 100


def test_reports_are_in_airflow_for_who_has_a_login(platform: Deployment, run: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{platform.url('AIRFLOW')}/reports/")
    assert refused.value.code == 401
    run_id = quote(run["dag_run_id"], safe="")
    assert f"run_id={run_id}" in platform.report("")
    assert "<html" in platform.report(f"flight_delays/{run_id}/reports/evaluation.html")


def test_the_model_server_takes_the_champion(platform: Deployment, run: Any) -> None:
    platform.promote(run["dag_run_id"], "--remote", "")
    platform.served(within_s=120)
    assert status(f"{platform.url('SERVE')}/schema") == 401
    token = {"Authorization": f"Bearer {platform.secrets['LEEWAY_SERVE_TOKEN']}"}
    assert status(f"{platform.url('SERVE')}/schema", token) == 200


def test_a_stage_whose_worker_is_killed_ends_at_once_and_is_tried_again(
    platform: Deployment, run: Any
) -> None:
    run_id = started(platform, {**WINDOW, "train_xgboost.max_depth": 5})
    step = "python -m include.flights.train_xgboost"
    wait_until(lambda: running(step), 120)
    os.kill(platform.services()["worker"]["State"]["Pid"], signal.SIGKILL)
    wait_until(lambda: not running(step), 5)
    most = watch_until_ended(platform, run_id, step)
    again = finished(platform.rest("operator"), run_id, within_s=10)
    assert again["state"] == "success", {n: t["state"] for n, t in again["tasks"].items()}
    assert again["tasks"]["train_xgboost"]["try_number"] == 2
    assert most == 1
    assert "max_depth: 5" in platform.lock(run_id)


def watch_until_ended(platform: Deployment, run_id: str, step: str) -> int:
    """The most steps of this command that ran at once until the run ended."""
    rest, most, until = platform.rest("operator"), 0, time.monotonic() + 900
    while rest.run("flight_delays", run_id)["state"] not in ("success", "failed"):
        assert time.monotonic() < until
        most = max(most, running(step))
        time.sleep(0.2)
    return most


def running(step: str) -> int:
    """How many processes of this machine, in containers or not, are this step."""
    found = 0
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found += file.read_text().replace("\0", " ").startswith(step)
    return found


def test_down_and_up_loses_nothing(platform: Deployment, run: Any) -> None:
    before = remains(platform, run)
    platform.down()
    began = time.monotonic()
    platform.up()
    print(f"up again in {time.monotonic() - began:.0f} s")
    assert remains(platform, run) == before
    rest = platform.rest("operator")
    again = rest.trigger("flight_delays", WINDOW)
    assert finished(rest, again, within_s=300)["state"] == "success"
    stages = set(run["tasks"]) - {"open_run", "close_run"}
    # A stage with nothing to do is done by open_run, and so returns nothing.
    results = [rest.result("flight_delays", again, name) for name in stages]
    assert {found["status"] for found in results if found} <= {"cached"}


def remains(platform: Deployment, run: dict[str, Any]) -> dict[str, object]:
    """What there is of a run in each store."""
    rest, run_id = platform.rest("operator"), run["dag_run_id"]
    return {
        "state": rest.run("flight_delays", run_id)["state"],
        "tasks": {t["task_id"]: t["state"] for t in rest.tasks("flight_delays", run_id)},
        "log": rest.log("flight_delays", run_id, "train_torch", 1)[-3:],
        "objects": platform.objects(),
        "keys": platform.keys(),
        "experiments": platform.experiments(),
        "report": len(platform.report("")),
    }
