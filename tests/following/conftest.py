"""A registry of three real bentos of tiny models, made once for a module."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live_models import PATH, Served, bento_of, repository
from loading import TOKEN
from small_git import bare_of
from tiny_bento import ROOT, environment, free_port


@pytest.fixture(scope="module")
def bentos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Trees, trees with a network, and trees again."""
    folder = tmp_path_factory.mktemp("bentos")
    made = ((2, 0.0), (4, 0.4), (6, 0.0))
    return [bento_of(folder / str(trees), trees, torch) for trees, torch in made]


@pytest.fixture(scope="module")
def registered(bentos: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """They are v0.0.1, v0.0.2 and v0.0.3; nothing is live."""
    return repository(tmp_path_factory.mktemp("registered") / "repo", bentos)


@pytest.fixture
def repo(registered: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(registered, tmp_path / "repo", symlinks=True))


@pytest.fixture
def bare(repo: Path) -> Path:
    """A bare remote of it, with its versions."""
    return bare_of(repo, "refs/tags/*", "refs/leeway/*")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Starts `make serve` of a repository; what is left at the end is killed."""
    started: list[Served] = []

    def begin(repo: Path, **extra: str) -> Served:
        port, log = free_port(), tmp_path / f"log-{len(started)}"
        command = [sys.executable, "-m", "include.following.serve", "--repo", str(repo)]
        env = environment(tmp_path / "home", PYTHONPATH=str(ROOT), BENTOML_PORT=str(port), **extra)
        with log.open("wb") as file:
            process = subprocess.Popen(
                [*command, "--bento", str(repo / PATH)],
                cwd=ROOT,
                env={"LEEWAY_SERVE_TOKEN": TOKEN, **env},
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        started.append(Served(process, port, log))
        return started[-1]

    yield begin
    for served in started:
        for one in served.family():
            os.kill(one.pid, signal.SIGKILL)
        served.process.wait()
