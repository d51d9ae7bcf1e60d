"""An engine and the images, made once for all tests of containers."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployment import (
    SMALL,
    TARGETS,
    WINDOW,
    Deployment,
    checkout,
    deployed,
    replace,
    reproduce,
    triggered,
)
from engine import Engine, engine


@pytest.fixture(scope="session")
def docker() -> Iterator[Engine]:
    with engine() as made:
        yield made


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with a pipeline of minutes."""
    return checkout(tmp_path_factory.mktemp("source") / "leeway", SMALL)


@pytest.fixture(scope="session")
def images(docker: Engine, source: Path) -> dict[str, str]:
    """Each target's image, built."""
    for target in TARGETS:
        began = time.monotonic()
        docker("build", "--target", target, "--tag", f"leeway/{target}", str(source))
        print(f"leeway/{target}: built in {time.monotonic() - began:.0f} s")
    return {target: f"leeway/{target}" for target in TARGETS}


@pytest.fixture(scope="session")
def plain_lock(docker: Engine, images: object, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The dvc.lock of `dvc repro` on this machine, with the window of the runs below."""
    folder = checkout(tmp_path_factory.mktemp("plain") / "leeway", SMALL)
    replace(folder / "params.yaml", {'  end: "2014-01-01"': '  end: "2013-06-01"'})
    server = ("redis-server", "--protected-mode", "no")
    redis = docker("run", "--detach", "--rm", "--publish", "127.0.0.1::6379", "redis:7", *server)
    try:
        place = docker("port", redis, "6379").splitlines()[0]
        return reproduce(folder, LEEWAY_REDIS_URL=f"redis://{place}/0")
    finally:
        docker("rm", "--force", redis)


@pytest.fixture(scope="module")
def platform(docker: Engine, images: object, source: Path) -> Iterator[Deployment]:
    """The platform as the compose file has it; modules about its variants have their own."""
    with deployed(docker, source) as made:
        yield made


@pytest.fixture(scope="module")
def run(platform: Deployment) -> dict[str, Any]:
    """One good run of flight_delays on a module's platform, by the operator over REST."""
    found = triggered(platform, WINDOW)
    assert found["state"] == "success", {n: t["state"] for n, t in found["tasks"].items()}
    return found
