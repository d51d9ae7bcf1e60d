"""What the images and the compose file promise, seen on a real engine. In order: it takes minutes."""

import json
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from deployment import Deployment, checkout, finished, settings
from engine import PYTHON_IMAGE, Engine, engine

from include.errors import PipelineError

pytestmark = pytest.mark.containers

IMAGES = {"serve": 2300, "step": 3300, "airflow": 3700}  # most MB
# A run of minutes: five months, few trees and epochs, and Feast on Redis.
SMALL = {
    "  online_store: sqlite ": "  online_store: redis ",
    "  rounds: 1000 ": "  rounds: 60 ",
    "  epochs: 6 ": "  epochs: 1 ",
}
FILES_OF = ("find", "/", "-xdev", "-type", "f")
WINDOW: dict[str, object] = {"window.end": "2013-06-01"}


@pytest.fixture(scope="module")
def docker() -> Iterator[Engine]:
    with engine() as made:
        yield made


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout(tmp_path_factory.mktemp("platform") / "leeway", SMALL)


@pytest.fixture(scope="module")
def images(docker: Engine, source: Path) -> dict[str, str]:
    """Each target's image, built."""
    for target in IMAGES:
        began = time.monotonic()
        lock = f"LOCK={sha256((source / 'requirements.lock').read_bytes()).hexdigest()}"
        words = ("--target", target, "--tag", f"leeway/{target}", "--build-arg", lock)
        docker("build", *words, str(source))
        print(f"leeway/{target}: built in {time.monotonic() - began:.0f} s")
    return {target: f"leeway/{target}" for target in IMAGES}


@pytest.fixture(scope="module")
def platform(docker: Engine, images: dict[str, str], source: Path) -> Iterator[Deployment]:
    """All of it, up and healthy; gone with its volumes in the end."""
    made = Deployment(docker, source, settings(source, f"leeway-test-{time.time_ns() % 10**9}"))
    try:
        began = time.monotonic()
        made.up()
        print(f"up and healthy in {time.monotonic() - began:.0f} s")
        yield made
    finally:
        made.down("--volumes")


@pytest.fixture(scope="module")
def run(platform: Deployment) -> dict[str, Any]:
    """One run of flight_delays, triggered by the operator over REST."""
    rest = platform.rest("operator")
    until = time.monotonic() + 120
    while rest.dag("flight_delays") is None:
        assert time.monotonic() < until, rest.import_errors()
        time.sleep(1)
    run_id = rest.trigger("flight_delays", WINDOW)
    found = finished(rest, "flight_delays", run_id, within_s=1500)
    tasks = rest.tasks("flight_delays", run_id)
    return {**found, "tasks": {task["task_id"]: task for task in tasks}}


@pytest.mark.parametrize("target", IMAGES)
def test_an_image_has_no_root_no_secret_and_no_cache(
    docker: Engine, images: dict[str, str], source: Path, target: str
) -> None:
    config = json.loads(docker("inspect", images[target]))[0]["Config"]
    assert config["User"] == "50000:0"
    assert not [line for line in config["Env"] if "PASSWORD" in line or "SECRET" in line]
    names = ("torch-*.whl", "ca-bundle.crt", ".env")
    words = [word for name in names for word in ("-o", "-name", name)][1:]
    alone = ("run", "--rm", "--user", "0:0", "--network", "none")
    assert docker(*alone, images[target], *FILES_OF, "(", *words, ")", "-print") == ""
    assert docker(*alone, images[target], "find", "/root", "/tmp", "-type", "f") in (
        "",
        "/root/.bashrc\n/root/.profile",
        "/root/.profile\n/root/.bashrc",
    )


@pytest.mark.parametrize("target", IMAGES)
def test_an_image_holds_the_versions_of_the_lock_and_compiled(
    docker: Engine, images: dict[str, str], source: Path, target: str
) -> None:
    code = (
        "import importlib.metadata as m, json, pathlib, re, sysconfig\n"
        "site = pathlib.Path(sysconfig.get_path('purelib'))\n"
        "held = {re.sub('[-_.]+', '-', d.name).lower(): d.version for d in m.distributions()}\n"
        "sources = len(list(site.rglob('*.py'))); made = len(list(site.rglob('*.pyc')))\n"
        "print(json.dumps([held, sources, made]))\n"
    )
    alone = ("run", "--rm", "--network", "none", images[target])
    held, sources, compiled = json.loads(docker(*alone, "python", "-c", code))
    lines = (source / "requirements.lock").read_text().splitlines()
    locked = dict(line.split("==") for line in lines)
    assert {n: v.split("+")[0] for n, v in held.items()} == {n: locked[n] for n in held}
    assert compiled > 0.99 * sources
    assert ("apache-airflow" in held) is (target == "airflow")
    assert ("dvc" in held) is (target != "serve")


@pytest.mark.parametrize("target", IMAGES)
def test_an_image_is_no_larger_than_it_was(
    docker: Engine, images: dict[str, str], target: str
) -> None:
    base, whole = (
        int(docker("inspect", "--format", "{{.Size}}", name)) / 1e6
        for name in (PYTHON_IMAGE, images[target])
    )
    print(f"{images[target]}: {whole:.0f} MB, {whole - base:.0f} of them above {PYTHON_IMAGE}")
    assert whole < IMAGES[target]


def test_xgboost_trains_without_the_library_of_many_gpus(
    docker: Engine, images: dict[str, str]
) -> None:
    code = (
        "import numpy as np, xgboost as x\n"
        "d = x.DMatrix(np.arange(8.0).reshape(-1, 1), label=np.arange(8) > 3)\n"
        "print(x.train({'objective': 'binary:logistic'}, d, 3).num_boosted_rounds())"
    )
    assert docker("run", "--rm", "--network", "none", images["step"], "python", "-c", code) == "3"


def test_every_service_is_healthy(platform: Deployment) -> None:
    states = {
        name: one["State"].get("Health", one["State"])["Status"]
        for name, one in platform.services().items()
    }
    assert states.pop("processes") == "running"
    assert states == dict.fromkeys(
        (
            *("postgres", "broker", "online-store", "object-store", "api-server", "scheduler"),
            *("dag-processor", "triggerer", "worker", "worker-gpu-stand-in", "reports"),
            "model-server",
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
    with pytest.raises(PipelineError, match="with 403"):
        platform.rest("operator").send("GET", "/auth/fab/v1/users", None)


def test_the_gpu_stage_ran_on_the_gpu_worker_and_nothing_else_did(
    platform: Deployment, run: Any
) -> None:
    hosts = {name: one["Config"]["Hostname"] for name, one in platform.services().items()}
    ran = {name: task["hostname"] for name, task in run["tasks"].items()}
    assert {n for n, host in ran.items() if host == hosts["worker-gpu-stand-in"]} == {"train_torch"}
    assert {n for n, host in ran.items() if host == hosts["worker"]} == set(ran) - {"train_torch"}
    assert run["tasks"]["train_torch"]["queue"] == "gpu"


def test_the_data_of_the_run_is_in_the_object_store(platform: Deployment, run: Any) -> None:
    assert objects(platform) > 20


def test_the_features_are_in_the_online_store(platform: Deployment, run: Any) -> None:
    assert keys(platform) > 100


def test_reports_need_the_viewers_password(platform: Deployment, run: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{platform.url('REPORTS')}/")
    assert refused.value.code == 401
    page = fetch_report(platform, "")
    path = next(part for part in page.split('"') if part.endswith("reports/evaluation.html"))
    assert "<html" in fetch_report(platform, path)


def test_the_model_server_takes_the_model_of_the_run(platform: Deployment, run: Any) -> None:
    until = time.monotonic() + 120
    while (answer := status(f"{platform.url('SERVE')}/readyz")) != 200:
        assert time.monotonic() < until, answer
        time.sleep(1)
    assert status(f"{platform.url('SERVE')}/schema") == 401
    token = {"Authorization": f"Bearer {platform.secrets['LEEWAY_SERVE_TOKEN']}"}
    assert status(f"{platform.url('SERVE')}/schema", token) == 200


def test_down_and_up_loses_nothing(platform: Deployment, run: Any) -> None:
    before = remains(platform, run)
    platform.down()
    began = time.monotonic()
    platform.up()
    print(f"up again in {time.monotonic() - began:.0f} s")
    assert remains(platform, run) == before
    rest = platform.rest("operator")
    again = rest.trigger("flight_delays", WINDOW)
    assert finished(rest, "flight_delays", again, within_s=300)["state"] == "success"
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
        "objects": objects(platform),
        "keys": keys(platform),
        "experiments": platform.execute(
            "worker", "git", "-C", "/leeway/repository", "for-each-ref", "refs/exps"
        ),
        "report": len(fetch_report(platform, "")),
    }


def objects(platform: Deployment) -> int:
    """Objects in the DVC remote."""
    words = ("rclone", "lsf", "--recursive", "--files-only", ":s3:leeway/dvc")
    return len(platform.execute("object-store", *words).splitlines())


def keys(platform: Deployment) -> int:
    """Keys in the online store."""
    return int(platform.execute("online-store", "redis-cli", "dbsize").split()[-1])


def fetch_report(platform: Deployment, path: str) -> str:
    """A page of the reports, as the viewer."""
    login = f"viewer:{platform.secrets['LEEWAY_VIEWER_PASSWORD']}".encode()
    header = {"Authorization": f"Basic {b64encode(login).decode()}"}
    request = urllib.request.Request(f"{platform.url('REPORTS')}/{path}", headers=header)
    with urllib.request.urlopen(request) as answer:
        return str(answer.read().decode())


def status(url: str, headers: dict[str, str] | None = None) -> int:
    """The status of an answer; 0 if there was none."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {})) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
