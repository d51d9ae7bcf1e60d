"""The platform by compose, from a copy of this checkout, with ports and volumes of its own."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine import Engine, certificates, wheels
from small_git import shell

from include.airflow_site.api import AirflowApi
from include.airflow_site.settings import any_port
from include.pipeline.names import run_name

ROOT = Path(__file__).parents[2]
# A pipeline of minutes: few trees, one epoch, and Feast on Redis. The window is that of each run.
SMALL = {
    "  online_store: sqlite ": "  online_store: redis ",
    "  rounds: 1000 ": "  rounds: 60 ",
    "  epochs: 6 ": "  epochs: 1 ",
    "  patience: 3 ": "  patience: 1000 ",
    "  resamples: 500 ": "  resamples: 20 ",
}
WINDOW: dict[str, object] = {"window.end": "2013-06-01"}
TARGETS = ("serve", "step", "airflow")
PORTS = ("AIRFLOW", "SERVE", "OBJECT_STORE")


@dataclass
class Deployment:
    """A checkout, and the containers that run from it."""

    docker: Engine
    checkout: Path
    secrets: dict[str, str] = field(default_factory=dict, repr=False)

    def compose(self, *words: str) -> str:
        """What `docker compose WORDS` prints."""
        return self.docker("compose", *words, cwd=self.checkout)

    def up(self) -> None:
        """Start all of it, and return when all of it is healthy."""
        self.compose("up", "--detach", "--wait", "--no-build", "--quiet-pull")

    def down(self, *words: str) -> None:
        """Stop all of it."""
        self.compose("--profile", "*", "down", "--remove-orphans", *words)

    def services(self) -> dict[str, dict[str, Any]]:
        """Each running container as the engine describes it, by its service."""
        ids = self.compose("ps", "--quiet").split()
        found = json.loads(self.docker("inspect", *ids))
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}

    def execute(self, service: str, *words: str) -> str:
        """What a command prints in a container."""
        return self.compose("exec", "--no-TTY", service, *words)

    def url(self, name: str) -> str:
        """Where a service is published."""
        return f"http://127.0.0.1:{self.secrets[f'LEEWAY_{name}_PORT']}"

    def rest(self, user: str) -> AirflowApi:
        """Airflow's API, as one of the three logins."""
        return AirflowApi(
            self.url("AIRFLOW"), user, self.secrets[f"LEEWAY_{user.upper()}_PASSWORD"]
        )

    def objects(self) -> int:
        """Objects in the DVC remote."""
        words = ("rclone", "lsf", "--recursive", "--files-only", ":s3:leeway/dvc")
        return len(self.execute("object-store", *words).splitlines())

    def keys(self) -> int:
        """Keys in the online store."""
        return int(self.execute("online-store", "redis-cli", "dbsize").split()[-1])

    def report(self, path: str) -> str:
        """A page of the reports in Airflow, as the viewer."""
        rest = self.rest("viewer")
        rest.call("GET", "/dags")  # which logs it in
        header = {"Authorization": f"Bearer {rest.token}"}
        request = urllib.request.Request(f"{rest.url}/reports/{path}", headers=header)
        with urllib.request.urlopen(request) as answer:
            return str(answer.read().decode())

    def experiments(self) -> str:
        """The experiments of the repository that Airflow reads."""
        words = ("git", "-C", "/leeway/repository", "for-each-ref", "refs/exps")
        return self.execute("scheduler", *words)

    def lock(self, run_id: str) -> str:
        """The dvc.lock of a run that is closed."""
        name = run_name("flight_delays", run_id)
        ref = next(r for r in self.experiments().split() if r.endswith(f"/{name}"))
        words = ("git", "-C", "/leeway/repository", "show", f"{ref}:dvc.lock")
        return self.execute("scheduler", *words) + "\n"

    def promote(self, run_id: str, *remote: str) -> None:
        """Let what a run made be the champion."""
        registry = ("python", "-m", "include.command", "registry")
        place = ("--repo", "/leeway/repository", *remote)
        experiment = run_name("flight_delays", run_id)
        self.execute("worker", *registry, "register", experiment, *place)
        self.execute("worker", *registry, "promote", "v0.0.1", *place)

    def served(self, within_s: float) -> None:
        """Return when the model server answers with a model."""
        until = time.monotonic() + within_s
        while (found := status(f"{self.url('SERVE')}/readyz")) != 200:
            assert time.monotonic() < until, found
            time.sleep(1)


@contextlib.contextmanager
def deployed(docker: Engine, source: Path, files: str = "") -> Iterator[Deployment]:
    """All of it, up and healthy; gone with its volumes in the end.

    Args:
        files: compose files besides the first, as COMPOSE_FILE of .env has them.
    """
    project = f"leeway-test-{time.time_ns() % 10**9}"
    made = Deployment(docker, source, settings(source, project, files))
    try:
        began = time.monotonic()
        made.up()
        print(f"up and healthy in {time.monotonic() - began:.0f} s")
        yield made
    finally:
        made.down("--volumes")


def triggered(platform: Deployment, params: dict[str, object]) -> dict[str, Any]:
    """A run of flight_delays by the operator, when it has ended, with its tasks."""
    began = time.monotonic()
    run = finished(platform.rest("operator"), started(platform, params), within_s=1500)
    print(f"run: {run['state']} in {time.monotonic() - began:.0f} s")
    return run


def started(platform: Deployment, params: dict[str, object]) -> str:
    """A run of flight_delays by the operator, as soon as there is the DAG."""
    rest = platform.rest("operator")
    until = time.monotonic() + 120
    while rest.dag("flight_delays") is None:
        assert time.monotonic() < until, rest.import_errors()
        time.sleep(1)
    return rest.trigger("flight_delays", params)


def status(url: str, headers: dict[str, str] | None = None) -> int:
    """The status of an answer; 0 if there was none."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {})) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def checkout(folder: Path, params: dict[str, str]) -> Path:
    """A clone of this checkout with its changes, and values of params.yaml, committed."""
    shell(ROOT, "git", "clone", "--quiet", str(ROOT), str(folder))
    for name in shell(ROOT, "git", "ls-files", "-z", "-mo", "--exclude-standard").split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    replace(folder / "params.yaml", params)
    shell(folder, "git", "add", "--all")
    author = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    shell(folder, "git", *author, "commit", "--quiet", "--allow-empty", "-m", "What is tested")
    certificates(folder / "certs")
    wheels(folder / "wheels")
    return folder


def reproduce(folder: Path, **settings: str) -> str:
    """The dvc.lock of plain `dvc repro` in a checkout."""
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "DVC_SITE_CACHE_DIR": str(folder.with_name("site-cache")),
        **settings,
    }
    command = [sys.executable, "-m", "dvc", "repro", "--quiet"]
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return (folder / "dvc.lock").read_text()


def replace(file: Path, changes: dict[str, str]) -> None:
    """Replace parts of a file, each of which is in it once."""
    text = file.read_text()
    for before, after in changes.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    file.write_text(text)


def settings(folder: Path, project: str, files: str = "") -> dict[str, str]:
    """A new .env of a checkout, with free ports and a project of its own."""
    (folder / ".env").unlink(missing_ok=True)
    subprocess.run(["python3", "containers/make_env.py"], cwd=folder, check=True)
    text = (folder / ".env").read_text()
    for name in PORTS:
        port = any_port()
        text = re.sub(rf"(?m)^LEEWAY_{name}_PORT=.*$", f"LEEWAY_{name}_PORT={port}", text)
        text = re.sub(
            rf"(?m)^LEEWAY_{name}_URL=.*$", f"LEEWAY_{name}_URL=http://localhost:{port}", text
        )
    text = re.sub(r"(?m)^COMPOSE_PROJECT_NAME=.*$", f"COMPOSE_PROJECT_NAME={project}", text)
    text = re.sub(r"(?m)^COMPOSE_FILE=.*$", rf"\g<0>{files}", text)
    (folder / ".env").write_text(text)
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def finished(rest: AirflowApi, run_id: str, within_s: float) -> dict[str, Any]:
    """The run of flight_delays with its tasks, once it has ended."""
    until = time.monotonic() + within_s
    while (run := rest.run("flight_delays", run_id))["state"] not in ("success", "failed"):
        assert time.monotonic() < until, f"the run is {run['state']} after {within_s} s"
        time.sleep(1)
    tasks = rest.tasks("flight_delays", run_id)
    return {**run, "tasks": {task["task_id"]: task for task in tasks}}
