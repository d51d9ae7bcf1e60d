"""compose.apart.yaml: the same DAG on workers that share no disk, only the remote and git."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from deployment import WINDOW, Deployment, deployed, triggered
from engine import Engine

pytestmark = pytest.mark.containers


@pytest.fixture(scope="module")
def platform(docker: Engine, images: object, source: Path) -> Iterator[Deployment]:
    with deployed(docker, source, ":containers/compose.apart.yaml") as made:
        yield made


def test_workers_have_no_volume_in_common_but_for_logs_and_reports(platform: Deployment) -> None:
    mounts = {
        name: {mount["Destination"]: mount["Source"] for mount in one["Mounts"]}
        for name, one in platform.services().items()
    }
    one, two = mounts["worker"], mounts["worker-gpu-stand-in"]
    shared = {place for place in one if one[place] == two.get(place)}
    assert shared == {"/logs", "/leeway/home/reports"}


def test_the_run_gives_the_lock_of_dvc_repro(
    platform: Deployment, run: Any, plain_lock: str
) -> None:
    assert platform.lock(run["dag_run_id"]) == plain_lock


def test_the_gpu_stage_ran_on_the_disk_of_its_worker_alone(platform: Deployment, run: Any) -> None:
    find = ("find", "/leeway/repository/.dvc/cache/files", "-type", "f")
    gpu, rest = (
        set(platform.execute(name, *find).split()) for name in ("worker-gpu-stand-in", "worker")
    )
    assert 0 < len(gpu) < len(rest)
    hosts = {name: one["Config"]["Hostname"] for name, one in platform.services().items()}
    assert run["tasks"]["train_torch"]["hostname"] == hosts["worker-gpu-stand-in"]
    assert run["tasks"]["train_xgboost"]["hostname"] == hosts["worker"]


def test_the_pages_and_the_model_of_the_run_are_served(platform: Deployment, run: Any) -> None:
    run_id = quote(run["dag_run_id"], safe="")
    assert f"run_id={run_id}" in platform.report("")
    assert "<html" in platform.report(f"flight_delays/{run_id}/reports/evaluation.html")
    platform.promote(run["dag_run_id"])  # which the worker pushes to the git server
    platform.served(within_s=120)


def test_the_next_run_has_nothing_to_do(platform: Deployment, run: Any) -> None:
    again = triggered(platform, WINDOW)
    results = [
        platform.rest("operator").result("flight_delays", again["dag_run_id"], name)
        for name in set(run["tasks"]) - {"open_run", "close_run"}
    ]
    assert again["state"] == "success"
    assert {found["status"] for found in results if found} <= {"cached"}


def test_the_token_of_git_is_in_no_log_and_no_result(platform: Deployment, run: Any) -> None:
    token = platform.secrets["GIT_SERVER_TOKEN"]
    find = ("grep", "-rlF", token, "/logs")
    assert platform.execute("scheduler", "sh", "-c", " ".join(find) + " || true") == ""
    opened = platform.rest("operator").result("flight_delays", run["dag_run_id"], "open_run")
    assert token not in str(opened)


def test_git_serves_nobody_without_the_token(platform: Deployment) -> None:
    code = (
        "import urllib.request, urllib.error\n"
        "try: urllib.request.urlopen('http://git-server:8082/repository/info/refs?service=git-upload-pack')\n"
        "except urllib.error.HTTPError as error: print(error.code)"
    )
    assert platform.execute("follower", "python", "-c", code) == "401"
