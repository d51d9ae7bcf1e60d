"""The service, and the plain app that it is measured against, each in processes of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.http_load import message, processors
from include.flights.models.encoding import Encoder

ROOT = Path(__file__).parents[1]
TOKEN = "0123456789abcdef0123456789abcdef"
PLAIN = """
import json
import time
import uuid

import numpy as np
import xgboost
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

CODES = {codes}
NUMBERS = {numbers}
booster = xgboost.Booster({{"nthread": 1}})
booster.load_model({weights!r})
log = open("plain.log", "a", buffering=1)
app = FastAPI()


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

{fields}


def values(row: Row) -> list[float]:
    held = row.__dict__
    numbers = [np.nan if held[name] is None else held[name] for name in NUMBERS]
    return numbers + [codes.get(held[name], 0) for name, codes in CODES.items()]


@app.post("/predict")
async def predict(rows: list[Row]) -> dict:
    matrix = np.array([values(row) for row in rows], dtype=np.float32)
    found = booster.inplace_predict(matrix).tolist()
    line = {{"id": uuid.uuid4().hex, "at": time.time(), "rows": len(rows), "probabilities": found}}
    log.write(json.dumps(line) + "\\n")
    return {{"probabilities": found}}
"""


@dataclass(frozen=True)
class Server:
    """One of the two, and how it is asked."""

    port: int
    path: str
    headers: tuple[str, ...]
    process: psutil.Process

    def messages(self, bodies: Sequence[bytes]) -> list[bytes]:
        """What goes over the wire."""
        return [message(self.path, body, self.headers) for body in bodies]

    def cpu_s(self) -> float:
        """What its processes have computed so far."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(sum(one.cpu_times()[:2]) for one in family)


@contextmanager
def ours(bento: Path, path: str, work: Path) -> Iterator[Server]:
    """The service, from a bento file."""
    command = [sys.executable, "-m", "include.serving", str(bento)]
    own = {
        "BENTOML_HOME": str(work / "home"),
        "LEEWAY_SERVE_TOKEN": TOKEN,
        "LEEWAY_SERVE_LOG": str(work / "log"),
    }
    with running(command, work, own, "BENTOML_PORT", "/readyz") as (port, process):
        yield Server(port, path, (f"Authorization: Bearer {TOKEN}",), process)


@contextmanager
def plain(weights: Path, encoder: Encoder, work: Path) -> Iterator[Server]:
    """The plain app, written as a file."""
    number, text = "float | None = Field(ge=-3.4e38, le=3.4e38)", "str | None"
    kinds = dict.fromkeys(encoder.number_names, number) | dict.fromkeys(encoder.levels, text)
    codes = {
        name: {level: code for code, level in enumerate(levels, 1)}
        for name, levels in encoder.levels.items()
    }
    fields = "\n".join(f"    {name}: {kind}" for name, kind in kinds.items())
    about = {"codes": codes, "numbers": encoder.number_names, "fields": fields}
    held = shutil.copy(weights, work / "plain.ubj")
    (work / "plain_app.py").write_text(PLAIN.format(weights=str(held), **about))
    command = [sys.executable, "-m", "uvicorn", "plain_app:app", "--app-dir", str(work)]
    command += ["--no-access-log", "--log-level", "warning"]
    with running(command, work, {}, "UVICORN_PORT", "/openapi.json") as (port, process):
        yield Server(port, "/predict", (), process)


@contextmanager
def running(
    command: list[str], work: Path, own: dict[str, str], port_name: str, ready: str
) -> Iterator[tuple[int, psutil.Process]]:
    """A server on a processor of its own, from when it answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = int(held.getsockname()[1])
    environment = {**os.environ, **own, port_name: str(port), "PYTHONPATH": str(ROOT)}
    with (work / f"{port_name}.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=work, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    os.sched_setaffinity(process.pid, {processors()[0]})
    try:
        await_answer(f"http://127.0.0.1:{port}{ready}", process, Path(log.name))
        yield port, psutil.Process(process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def await_answer(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until a server answers; stop if it ends, or takes a minute."""
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"No answer at {url}:\n{log.read_text()[-2000:]}")
