"""What it costs to look the features of flights up: from SQLite, and from a Redis of our own.

Run it after `dvc repro`: `python -m benchmarks.lookup`. Half a minute. It fills a store of each
kind to half a day before the data ends, and reads what a service reads for one flight and for a
hundred. It is what a request about flights costs more than one with ready-made features.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from include.flights import columns, trial
from include.flights.materialize_features import Params, fill_up_to
from include.flights.serving.asked import Flights
from include.flights.serving.online import Features
from include.serving.lookup import OnlineStore

ROOT = Path(__file__).parents[1]
BARS_MS = {"sqlite": 3, "redis": 2}  # at one flight


def main() -> None:
    """Print the milliseconds that features add to a request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="of a repository with its data")
    parser.add_argument("--rounds", type=int, default=300)
    given = parser.parse_args()
    flights = trial.newest(given.root / "data/validated/flights")
    last = flights.get_column("sched_dep_utc").max()
    assert isinstance(last, datetime)
    now = last - timedelta(hours=trial.KNOWN_H)
    for kind in BARS_MS:
        with tempfile.TemporaryDirectory(prefix="lookup-") as folder, store_of(kind, folder):
            online = Path(folder) / "online"
            params = Params(online_store=kind, time_zone="UTC")
            views = given.root / "data/feature_views"
            fill_up_to(now, given.root / "feature_repo", views, online, params)
            measure(kind, online, flights, now, given.rounds)


@contextmanager
def store_of(kind: str, folder: str) -> Iterator[None]:
    """Redis, for as long as it is needed."""
    if kind != "redis":
        yield
        return
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    program = shutil.which("redis-server") or "redis-server"
    options = ["--port", str(port), "--save", "", "--dir", folder]
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    os.environ["LEEWAY_REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
    time.sleep(1)
    try:
        yield
    finally:
        server.terminate()
        server.wait()


def measure(kind: str, online: Path, flights: pl.DataFrame, now: datetime, rounds: int) -> None:
    """Print what one flight costs, and a hundred."""
    reader = Flights({}, 1000)
    features = Features(tuple(columns.names("number")), OnlineStore(online))
    soon = trial.asked(flights, now, most=100)
    for rows in (1, 100):
        body = json.dumps([soon[place % len(soon)] for place in range(rows)]).encode()
        schedule = reader.read(body, now)
        spent = timed(lambda body=body: features.of(reader.read(body, now), now), rounds)  # type: ignore[misc]
        looked = timed(lambda schedule=schedule: features.of(schedule, now), rounds)  # type: ignore[misc]
        bar = f"; at most {BARS_MS[kind]} ms is asked for" if rows == 1 else ""
        said = f"{kind}, {rows} flights: {spent[0]:.2f} ms, p99 {spent[1]:.2f}"
        print(f"{said}, of them features {looked[0]:.2f}{bar}")


def timed(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """The median and the 99th percentile of some work, in milliseconds."""
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000)
    return statistics.median(found), statistics.quantiles(found, n=100)[98]


if __name__ == "__main__":
    main()
