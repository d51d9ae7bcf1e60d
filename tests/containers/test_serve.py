"""The model server waits for a champion, and serves it; its workers follow from then on."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from live_models import bento_of, name_of
from loading import TOKEN, ask, load
from real_processes import wait_until
from tiny_bento import ROOT, environment, free_port

from include.following.follower import Follower

RUN = """
import serve
from pathlib import Path
serve.WAITING, serve.BENTO = Path("waiting"), Path({bento!r})
serve.SERVER = ("bentoml", "serve", {bento!r}, "--host", "127.0.0.1", "--port", "{port}")
serve.main()
"""


@dataclass(frozen=True)
class Server:
    process: "subprocess.Popen[bytes]"
    folder: Path
    port: int

    @property
    def said(self) -> str:
        return (self.folder / "log").read_text()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The program of the container, as it starts in an image without a repository and git."""
    port, folder = free_port(), tmp_path / "container"
    for name in ("live", "bin"):
        (folder / name).mkdir(parents=True)
    (folder / "bin/bentoml").symlink_to(Path(sys.executable).with_name("bentoml"))
    env = environment(
        folder / "home",
        LEEWAY_SERVE_TOKEN=TOKEN,
        LEEWAY_SERVE_LIVE=str(folder / "live"),
        PYTHONPATH=str(ROOT / "containers"),
        PATH=str(folder / "bin"),
    )
    with (folder / "log").open("wb") as log:
        code = RUN.format(bento=str(folder / "bento"), port=port)
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=folder,
            env=env,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    yield Server(process, folder, port)
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(20)


def test_it_waits_serves_and_follows(server: Server, tmp_path: Path) -> None:
    bentos = [bento_of(tmp_path / str(trees), trees) for trees in (2, 4)]
    follower = Follower(tmp_path, "", "", server.folder / "live", print)
    wait_until(lambda: (server.folder / "waiting").exists(), 20)
    follower.begin_with(bentos[0])
    wait_until(lambda: ask(server.port, "/readyz")[0] == 200, 60)
    assert not (server.folder / "waiting").exists()
    begun = "no champion yet: promote a version, as docs/registry.md says\nserving a model that is"
    assert server.said.startswith(begun)
    shutil.rmtree(server.folder / "live/bentos")  # what it runs is its own copy
    body = rows_of(server)
    with load(server.port, body) as seen:
        seen.wait_for(name_of(bentos[0]))
        follower.begin_with(bentos[1])
        assert seen.wait_for(name_of(bentos[1])) < 10
    assert seen.failed == []


def rows_of(server: Server) -> bytes:
    """A row of features that are not known."""
    features = json.loads(ask(server.port, "/schema")[1])["features"]
    return json.dumps([{feature["name"]: None for feature in features}]).encode()
