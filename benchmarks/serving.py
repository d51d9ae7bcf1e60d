"""The service against a plain app of FastAPI and uvicorn, with the same trees and validation.

The plain app has the features as a pydantic model, makes a matrix of them, asks the booster with
one thread, and writes one line to a log; it knows no token and counts nothing. Both have one
worker, and answer the same requests over connections that stay open, in turns within each round, to
a client in a process of its own. Of a blend, both serve the trees alone.

Run it after `dvc repro`, which makes the models: `python -m benchmarks.serving`. Two minutes.

Long because the plain app is in it as a whole.
"""

import argparse
import json
import math
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import psutil

from benchmarks.http_load import Asked, ask, connected, exchange, message

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


def main() -> None:
    """Measure both in turns, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=ROOT / "models")
    parser.add_argument("--features", type=Path, default=ROOT / "data/features")
    parser.add_argument("--path", default="/predict", help="where ready-made features are taken")
    parser.add_argument("--rows", type=int, nargs="*", default=[1, 100])
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=2, help="of each turn")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="serving-") as folder:
        work = Path(folder)
        bento = trees_alone(given.models, given.features, work)
        with ours(bento, given.path, work) as one, plain(given.models, work) as other:
            for rows in given.rows:
                compare(one, other, bodies_of(given.features, rows), rows, given)


def compare(
    one: Server, other: Server, bodies: list[bytes], rows: int, given: argparse.Namespace
) -> None:
    """Ask both the same in each round, and print the medians of the rounds and of their ratios."""
    see_that_they_agree(one, other, bodies[0])
    found: dict[str, list[tuple[Asked, float]]] = {"ours": [], "plain": []}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as client:
        for number in range(given.rounds + 1):
            turns = [("ours", one), ("plain", other)]
            for name, server in turns if number % 2 else turns[::-1]:
                before, messages = server.cpu_s(), server.messages(bodies)
                job = client.submit(ask, server.port, messages, given.connections, given.seconds)
                asked = job.result()
                spent = (server.cpu_s() - before) / (asked.per_second * given.seconds)
                if number:  # the first round warms up
                    found[name].append((asked, spent * 1_000))
    print(f"\n{rows} rows, {given.connections} connections, {given.rounds} rounds")
    print(f"{'':8}{'requests/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'CPU ms':>10}{'client busy':>13}")
    for name, rounds in found.items():
        print(f"{name:8}" + row_of(rounds))
    for title, take in RATIOS.items():
        pairs = zip(found["ours"], found["plain"], strict=True)
        ratios = sorted(take(mine) / take(its) for mine, its in pairs)
        middle = statistics.median(ratios)
        print(f"{title:24}{middle:6.2f}x  ({ratios[0]:.2f} to {ratios[-1]:.2f})")


RATIOS = {
    "requests/s, ours/plain": lambda held: held[0].per_second,
    "p99, ours/plain": lambda held: held[0].p99_ms,
    "CPU/request, ours/plain": lambda held: held[1],
}


def row_of(rounds: list[tuple[Asked, float]]) -> str:
    """The medians of some rounds."""
    columns = zip(*((*vars(asked).values(), cpu) for asked, cpu in rounds), strict=True)
    rate, p50, p99, busy, cpu = (statistics.median(column) for column in columns)
    return f"{rate:12.0f}{p50:10.2f}{p99:10.2f}{cpu:10.2f}{busy:13.0%}"


def see_that_they_agree(one: Server, other: Server, body: bytes) -> None:
    """Stop if the two give other probabilities."""
    answers = []
    for server in (one, other):
        with connected(server.port) as link:
            answers.append(json.loads(exchange(link, *server.messages([body]))))
    mine = [row["probability"] for row in answers[0]["predictions"]]
    if not all(map(math.isclose, mine, answers[1]["probabilities"])):
        raise SystemExit(f"They differ: {mine[:3]} and {answers[1]['probabilities'][:3]}.")


def bodies_of(features: Path, rows: int, most: int = 64) -> list[bytes]:
    """Requests with the features of real flights."""
    import polars as pl

    from include.flights import columns

    names = [*columns.names("number"), *columns.names("category")]
    table = pl.read_parquet(sorted(features.glob("*.parquet"))[-1], columns=names)
    held = table.sample(rows * min(most, table.height // rows), seed=0).fill_nan(None).to_dicts()
    return [json.dumps(held[at : at + rows]).encode() for at in range(0, len(held), rows)]


def trees_alone(models: Path, features: Path, work: Path) -> Path:
    """The bento of the trees, as the stage makes it."""
    from include import step
    from include.flights.package_bento import Params, package_bento

    chosen, bento = work / "chosen.json", work / "trees.bento"
    chosen.write_text(json.dumps({"members": {"xgboost": 1.0}, "reason": "A benchmark."}))
    params = step.read_params("package_bento", Params, ROOT / "params.yaml")
    environment = ROOT / "environments/serving.txt"
    package_bento(chosen, models, features, environment, bento, work / "bento.json", params)
    return bento


@contextmanager
def ours(bento: Path, path: str, work: Path) -> Iterator[Server]:
    """The service, from the bento file."""
    command = [sys.executable, "-m", "include.serving", str(bento)]
    own = {"BENTOML_HOME": str(work / "home"), "LEEWAY_SERVE_TOKEN": TOKEN}
    with running(command, work, own, "BENTOML_PORT", "/readyz") as (port, process):
        yield Server(port, path, (f"Authorization: Bearer {TOKEN}",), process)


@contextmanager
def plain(models: Path, work: Path) -> Iterator[Server]:
    """The plain app, written as a file."""
    from include.flights.members.records import MEMBERS
    from include.flights.serving.predictor import read_encoder, weights_of

    member, folder = MEMBERS["xgboost"], models / "xgboost"
    encoder = read_encoder(member, folder)
    number, text = "float | None = Field(ge=-3.4e38, le=3.4e38)", "str | None"
    kinds = dict.fromkeys(encoder.number_names, number) | dict.fromkeys(encoder.levels, text)
    codes = {
        name: {level: code for code, level in enumerate(levels, 1)}
        for name, levels in encoder.levels.items()
    }
    weights = shutil.copy(weights_of(member, folder), work / "plain.ubj")
    fields = "\n".join(f"    {name}: {kind}" for name, kind in kinds.items())
    about = {"codes": codes, "numbers": encoder.number_names, "weights": str(weights)}
    (work / "plain_app.py").write_text(PLAIN.format(fields=fields, **about))
    command = [sys.executable, "-m", "uvicorn", "plain_app:app", "--app-dir", str(work)]
    command += ["--no-access-log", "--log-level", "warning"]
    with running(command, work, {}, "UVICORN_PORT", "/openapi.json") as (port, process):
        yield Server(port, "/predict", (), process)


@contextmanager
def running(
    command: list[str], work: Path, own: dict[str, str], port_name: str, ready: str
) -> Iterator[tuple[int, psutil.Process]]:
    """A server in a process of its own, from when it answers."""
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = int(held.getsockname()[1])
    environment = {**os.environ, **own, port_name: str(port), "PYTHONPATH": str(ROOT)}
    with (work / f"{port_name}.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=work, env=environment, stdout=log, stderr=log, start_new_session=True
        )
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


if __name__ == "__main__":
    main()
