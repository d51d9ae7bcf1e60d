"""The platform by compose, from a copy of this checkout, with ports and volumes of its own."""

import json
import re
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine import Engine, certificates, wheels

from include.airflow_api import AirflowApi

ROOT = Path(__file__).parents[2]
PORTS = ("AIRFLOW", "REPORTS", "SERVE", "OBJECT_STORE")


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


def checkout(folder: Path, params: dict[str, str]) -> Path:
    """A clone of this checkout with its changes, and values of params.yaml, committed."""
    git(ROOT, "clone", "--quiet", str(ROOT), str(folder))
    for name in git(ROOT, "ls-files", "-z", "-mo", "--exclude-standard").split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    text = (folder / "params.yaml").read_text()
    for before, after in params.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    (folder / "params.yaml").write_text(text)
    git(folder, "add", "--all")
    author = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    git(folder, *author, "commit", "--quiet", "--allow-empty", "-m", "What is tested")
    certificates(folder / "certs")
    wheels(folder / "wheels")
    return folder


def settings(folder: Path, project: str) -> dict[str, str]:
    """The .env of a checkout, with free ports and a project of its own."""
    subprocess.run(["python3", "containers/make_env.py"], cwd=folder, check=True)
    text = (folder / ".env").read_text()
    for name in PORTS:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        text = re.sub(rf"(?m)^LEEWAY_{name}_PORT=.*$", f"LEEWAY_{name}_PORT={port}", text)
    text = re.sub(r"(?m)^COMPOSE_PROJECT_NAME=.*$", f"COMPOSE_PROJECT_NAME={project}", text)
    (folder / ".env").write_text(text)
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def finished(rest: AirflowApi, dag_id: str, run_id: str, within_s: float) -> dict[str, Any]:
    """The run, once it has ended."""
    until = time.monotonic() + within_s
    while (run := rest.run(dag_id, run_id))["state"] not in ("success", "failed"):
        assert time.monotonic() < until, f"the run is {run['state']} after {within_s} s"
        time.sleep(2)
    return run


def git(folder: Path, *words: str) -> str:
    """What git says."""
    return subprocess.run(
        ["git", "-C", str(folder), *words], check=True, capture_output=True, text=True
    ).stdout
