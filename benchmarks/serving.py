"""The service against a plain app of FastAPI and uvicorn, with the same trees and validation.

The plain app has the features as a pydantic model, makes a matrix of them, asks the booster with
one thread, and writes one line to a log; it knows no token and counts nothing. Both have one
worker, and answer the same requests over connections that stay open, in turns within each round.
Servers and client have a processor each, if there are two. Of a blend, both serve the trees alone.

A machine that has more to do moves the requests per second of single rounds, and hardly the
processor time of a request. Run it after `dvc repro`, which makes the models:
`python -m benchmarks.serving`. Two minutes.
"""

import argparse
import json
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from benchmarks.http_load import Asked, ask, connected, exchange
from benchmarks.servers import ROOT, Server, ours, plain
from include import step
from include.flights import columns
from include.flights.members.records import MEMBERS
from include.flights.package_bento import Params, Zones, package_bento
from include.flights.serving import predictor
from include.serving.rows import Rows, unknown_values

Round = tuple[Asked, float]  # with the milliseconds of a processor that a request took
RATIOS: dict[str, Callable[[Round], float]] = {
    "requests/s": lambda held: held[0].per_second,
    "p99": lambda held: held[0].p99_ms,
    "CPU/request": lambda held: held[1],
}


def main() -> None:
    """Measure both in turns, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=ROOT / "models")
    parser.add_argument("--features", type=Path, default=ROOT / "data/features")
    parser.add_argument("--reference", type=Path, default=ROOT / "data/validated/reference")
    parser.add_argument("--rows", type=int, nargs="*", default=[1, 100])
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=2, help="of each turn")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="serving-") as folder, ExitStack() as stack:
        work = Path(folder)
        (work / "xgboost").symlink_to((given.models / "xgboost").absolute())
        bento = trees_alone(work, given.features, given.reference)
        model = predictor.load(work, threads=1)
        weights = predictor.weights_of(MEMBERS["xgboost"], work / "xgboost")
        one = stack.enter_context(ours(bento, "/predict/features", work))
        encoder = model.members["xgboost"].encoder
        other = stack.enter_context(plain(weights, encoder, work))
        for rows in given.rows:
            bodies = bodies_of(given.features, rows)
            spent = compare(one, other, bodies, given)
            where_it_goes(model, bodies[0], spent)


def trees_alone(work: Path, features: Path, reference: Path) -> Path:
    """The bento of the trees, as the stage makes it."""
    chosen, bento = work / "chosen.json", work / "trees.bento"
    chosen.write_text(json.dumps({"members": {"xgboost": 1.0}, "reason": "A benchmark."}))
    inputs = chosen, work, features, reference, ROOT / "environments/serving.txt"
    zones = step.read_params("ingest_flights", Zones, ROOT / "params.yaml")
    params = step.read_params("package_bento", Params, ROOT / "params.yaml")
    package_bento(*inputs, bento, work / "bento.json", zones, params)
    return bento


def bodies_of(features: Path, rows: int, most: int = 64) -> list[bytes]:
    """Requests with the features of real flights."""
    names = [*columns.names("number"), *columns.names("category")]
    table = pl.read_parquet(sorted(features.glob("*.parquet"))[-1], columns=names)
    held = table.sample(rows * min(most, table.height // rows), seed=0).fill_nan(None).to_dicts()
    return [json.dumps(held[at : at + rows]).encode() for at in range(0, len(held), rows)]


def compare(one: Server, other: Server, bodies: list[bytes], given: argparse.Namespace) -> float:
    """Ask both the same in each round, and print the medians of the rounds and of their ratios.

    Returns:
        Milliseconds of a processor that a request took of the service.
    """
    see_that_they_agree(one, other, bodies[0])
    found: dict[str, list[Round]] = {"ours": [], "plain": []}
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
    rows = len(json.loads(bodies[0]))
    print(f"\n{rows} rows, {given.connections} connections, medians of {given.rounds} rounds")
    print(f"{'':8}{'requests/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'CPU ms':>10}{'client busy':>13}")
    for name, rounds in found.items():
        print(f"{name:8}" + row_of(rounds))
    for title, take in RATIOS.items():
        pairs = zip(found["ours"], found["plain"], strict=True)
        ratios = sorted(take(mine) / take(its) for mine, its in pairs)
        middle = statistics.median(ratios)
        print(f"{title + ', ours/plain':26}{middle:5.2f}x  ({ratios[0]:.2f} to {ratios[-1]:.2f})")
    return statistics.median(cpu for _, cpu in found["ours"])


def see_that_they_agree(one: Server, other: Server, body: bytes) -> None:
    """Stop if the two give other probabilities."""
    answers = []
    for server in (one, other):
        with connected(server.port) as link:
            answers.append(json.loads(exchange(link, *server.messages([body]))))
    mine = [row["probability"] for row in answers[0]["predictions"]]
    if not all(map(math.isclose, mine, answers[1]["probabilities"])):
        raise SystemExit(f"They differ: {mine[:3]} and {answers[1]['probabilities'][:3]}.")


def row_of(rounds: list[Round]) -> str:
    """The medians of some rounds."""
    columns = zip(*((*vars(asked).values(), cpu) for asked, cpu in rounds), strict=True)
    rate, p50, p99, busy, cpu = (statistics.median(column) for column in columns)
    return f"{rate:12.0f}{p50:10.2f}{p99:10.2f}{cpu:10.2f}{busy:13.0%}"


def where_it_goes(model: predictor.Predictor, body: bytes, spent: float) -> None:
    """Print what the parts of an answer take, each again and again in this process."""
    encoder = model.members["xgboost"].encoder
    kinds = dict.fromkeys(model.names, "number") | dict.fromkeys(encoder.levels, "category")
    reader, levels = Rows(kinds, 100_000), model.levels
    batch = reader.read(body)
    parts = {
        "reading and checking": timed(lambda: reader.read(body)),
        "the trees": timed(lambda: model.answer(batch)),
        "unknown values": timed(lambda: unknown_values(batch.categories, levels)),
    }
    parts["server, log, numbers"] = spent - sum(parts.values())
    print("of ours: " + ", ".join(f"{name} {ms:.2f} ms" for name, ms in parts.items()))


def timed(work: Callable[[], object], seconds: float = 0.5) -> float:
    """Milliseconds of a processor that some work takes: the median."""
    found, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.thread_time()
        work()
        found.append(time.thread_time() - began)
    return statistics.median(found) * 1_000


if __name__ == "__main__":
    main()
