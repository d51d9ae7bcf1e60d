"""A bento that BentoML serves, in processes of its own."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tiny_bento import BENTOML, environment, free_port


@dataclass(frozen=True)
class Server:
    client: httpx.Client
    log: Path
    process: "subprocess.Popen[bytes]"


@contextmanager
def serving(home: Path, folder: Path, **extra: str) -> Iterator[Server]:
    """The newest bento of a BentoML home, served from a folder; `extra` is its environment."""
    port, log = free_port(), folder / "log"
    options = ["flight_delays:latest", "--port", str(port), "--host", "127.0.0.1"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*BENTOML, "serve", *options],
            cwd=folder,
            env=environment(home, **extra),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        headers = {"Authorization": f"Bearer {extra.get('LEEWAY_SERVE_TOKEN', '')}"}
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=30) as client:
            wait_until_ready(client, process, log)
            yield Server(client, log, process)
    finally:
        stop(process)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End the server with all its workers."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def wait_until_ready(client: httpx.Client, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(f"the server is not ready:\n{log.read_text()}")
