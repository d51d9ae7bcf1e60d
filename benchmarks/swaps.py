"""What swaps cost who asks: a server under load, whose champion and challenger change all the time.

Run: `python -m benchmarks.swaps`, after `make repro`. It serves the bento of the working tree with
two workers, and every ten seconds lets another version of it be champion and another challenger.
Ten minutes, or as long as `--seconds` says.
"""

import argparse
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree

import psutil

from include.following.taking import take_file
from include.pipeline.child import files
from include.serving.manifest import MODEL, version_of
from include.serving.pointer import FILE, FOLDER, Pointed, Pointer

TOKEN = "only-for-this-benchmark"
EVERY_S, AFTER_S, WARM_S = 10.0, 3.0, 5.0
VERSIONS, CLIENTS = 3, 4
Seen = tuple[float, float, str]  # when it ended, how long it took, and why it failed


def main() -> None:
    """Serve, ask and swap; then say what failed, how long it took, and what memory did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--bento", type=Path, default=Path("bento/flight_delays.bento"))
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        live = Path(folder)
        versions = variants(words.bento, live)
        point(live, versions, 0)
        with served(live, versions[0]) as (server, port):
            body = rows_of(live / versions[0].folder)
            seen, swaps, memory = measure(words.seconds, live, versions, server, port, body)
            errors = metric(port, "leeway_swaps_refused_total"), metric(port, "leeway_shadow_")
    report(seen, swaps, memory)
    print(f"refused swaps: {errors[0]:.0f}; requests that the challenger had: {errors[1]:,.0f}")


def variants(bento: Path, live: Path) -> list[Pointed]:
    """The bento, and versions of it that differ in the probability from which a flight is late."""
    first, folder = take_file(bento, live)
    found = [Pointed(version="v0.0.1", md5=first.md5, folder=folder)]
    for number in range(2, VERSIONS + 1):
        place = Path(f"{folder}-{number}")
        copytree(live / folder, live / place)
        path = live / place / MODEL / "manifest.json"
        manifest = json.loads(path.read_text())
        manifest["late_from_probability"] = number / 10
        path.write_text(json.dumps({**manifest, "version": version_of(manifest)}))
        found.append(Pointed(version=f"v0.0.{number}", md5=f"{first.md5}-{number}", folder=place))
    return found


def point(live: Path, versions: list[Pointed], turn: int) -> None:
    """Let the next version be champion, and the one after it challenger."""
    champion, challenger = (versions[(turn + n) % len(versions)] for n in range(2))
    pointer = Pointer(champion=champion, challenger=challenger)
    files.write(live / FILE, pointer.model_dump_json())


@contextmanager
def served(live: Path, first: Pointed) -> Iterator[tuple[psutil.Process, int]]:
    """A server with two workers, when both answer."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    bento = live / first.folder
    process = subprocess.Popen(
        [sys.executable, "-m", "bentoml", "serve", str(bento), "--port", str(port)],
        cwd=bento / "src",
        env={
            **os.environ,
            FOLDER: str(live),
            "LEEWAY_SERVE_TOKEN": TOKEN,
            "BENTOML_HOST": "127.0.0.1",
            "BENTOML_CONFIG_OPTIONS": "services.flight_delays.workers=2",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + 90
        while metric(port, "leeway_model_info") < 2 and time.monotonic() < until:
            time.sleep(0.5)
        yield psutil.Process(process.pid), port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def measure(
    seconds: float,
    live: Path,
    versions: list[Pointed],
    server: psutil.Process,
    port: int,
    body: bytes,
) -> tuple[list[Seen], list[float], list[float]]:
    """What clients saw, when the swaps were, and the workers' memory in MB at each of them."""
    seen: list[Seen] = []
    stop = threading.Event()
    clients = [
        threading.Thread(target=client, args=(port, body, stop, seen)) for _ in range(CLIENTS)
    ]
    for one in clients:
        one.start()
    time.sleep(WARM_S)
    began, swaps, memory = time.monotonic(), list[float](), list[float]()
    while time.monotonic() - began < seconds:
        swaps.append(time.monotonic())
        point(live, versions, len(swaps))
        memory.append(sum(one.memory_info().rss for one in server.children(recursive=True)) / 1e6)
        time.sleep(EVERY_S)
    stop.set()
    for one in clients:
        one.join()
    return [one for one in seen if one[0] > began], swaps, memory


def client(port: int, body: bytes, stop: threading.Event, seen: list[Seen]) -> None:
    """Ask until told to stop, by a new connection now and then, so that any worker answers."""
    while not stop.is_set():
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for _ in range(100):
            began, fault = time.monotonic(), ""
            try:
                asked.request("POST", "/predict/features", body, HEADERS)
                answer = asked.getresponse()
                answer.read()
                fault = "" if answer.status == 200 else str(answer.status)
            except (OSError, http.client.HTTPException) as error:
                fault = repr(error)
            seen.append((time.monotonic(), time.monotonic() - began, fault))
            if fault or stop.wait(0.005):
                break
        asked.close()


HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


def rows_of(bento: Path) -> bytes:
    """A row of features that are not known."""
    features = json.loads((bento / MODEL / "manifest.json").read_text())["features"]
    return json.dumps([{feature["name"]: None for feature in features}]).encode()


def metric(port: int, begin: str) -> float:
    """The sum of the numbers of /metrics whose names begin so; 0 while nobody answers."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        asked.request("GET", "/metrics", headers=HEADERS)
        lines = asked.getresponse().read().decode().splitlines()
    except OSError:
        return 0
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(begin))


def report(seen: list[Seen], swaps: list[float], memory: list[float]) -> None:
    """Print what was measured."""
    faults = [fault for _, _, fault in seen if fault]
    near = [took for at, took, _ in seen if any(0 <= at - swap < AFTER_S for swap in swaps)]
    far = [took for at, took, _ in seen if all(not 0 <= at - swap < AFTER_S for swap in swaps)]
    print(f"{len(seen):,} requests, {len(swaps)} swaps, {len(faults)} failed: {faults[:5]}")
    for name, times in ((f"within {AFTER_S:.0f} s of a swap", near), ("else", far)):
        at = statistics.quantiles(times, n=1000)
        middle, high, most = (1000 * value for value in (at[499], at[989], max(times)))
        print(f"{name:20}  p50 {middle:6.1f} ms  p99 {high:6.1f} ms  longest {most:6.1f} ms")
    late = memory[len(memory) // 2 :]
    slope = statistics.linear_regression(range(len(late)), late).slope if len(late) > 1 else 0.0
    print(
        f"memory of the server: {memory[0]:.0f} MB at first, {memory[len(memory) // 2]:.0f} MB "
        f"half-way, {memory[-1]:.0f} MB at last; in the second half {slope:+.2f} MB a swap"
    )


if __name__ == "__main__":
    main()
