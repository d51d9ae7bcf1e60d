"""A server with two workers, under load, while other models are to be live."""

import json
import os
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from loading import TOKEN, ask, load, metric
from real_processes import wait_until
from small_rule import SLOW, WRONG, packaged, point
from tiny_bento import BENTOML, ROOT, environment, free_port

from include.serving.manifest import MODEL

BODY = json.dumps([{"age_d": 1, "shop": "A"}]).encode()


@dataclass(frozen=True)
class Server:
    port: int
    live: Path
    log: Path

    def model(self, rate: float) -> str:
        """How a model calls itself."""
        manifest = json.loads((self.live / str(rate) / MODEL / "manifest.json").read_text())
        return f"visits:{manifest['version']}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("visits"), free_port()
    live = folder / "live"
    live.mkdir()
    packaged(folder, 0.1)
    path = os.pathsep.join(map(str, (ROOT, ROOT / "tests/serving")))
    extra = {"LEEWAY_SERVE_TOKEN": TOKEN, "LEEWAY_SERVE_LIVE": str(live), "PYTHONPATH": path}
    command = [*BENTOML, "serve", "rule_service:Visits", "--port", str(port), "--host", "127.0.0.1"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT / "tests/serving",
            env=environment(folder / "home", OWN_MODEL=str(folder / MODEL), **extra),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        said = folder / "log"
        wait_until(lambda: said.read_text().count("is ready") == 2 and ready(port), 60)
        yield Server(port, live, said)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def ready(port: int) -> bool:
    return ask(port, "/readyz")[0] == 200


def test_each_worker_takes_each_champion_and_no_request_fails(server: Server) -> None:
    with load(server.port, BODY) as seen:
        for rate in (0.2, 0.3, 0.2):
            point(server.live, champion=rate, challenger=0.5 - rate)
            assert seen.wait_for(server.model(rate)) < 5
    assert seen.failed == []
    # Three in two workers; one that looks late may take two of them at once.
    swaps = 'leeway_swaps_total{role="champion"}'
    wait_until(lambda: metric(server.port, swaps) in (4, 5, 6), 10)
    assert metric(server.port, "leeway_shadow_answered_total") > 0


def test_a_broken_champion_is_refused_and_the_old_one_answers(server: Server) -> None:
    point(server.live, champion=0.2)
    refused = 'leeway_swaps_refused_total{role="champion"}'
    wait_until(lambda: server.log.read_text().count("is v0.2") >= 2, 5)
    before = metric(server.port, refused)
    packaged(server.live / "0.4", 0.4)
    (server.live / "0.4" / MODEL / "rate.txt").write_text("0.9")
    with load(server.port, BODY) as seen:
        point(server.live, champion=0.4)
        wait_until(lambda: metric(server.port, refused) == before + 2, 5)
    assert seen.failed == []
    assert {model for *_, model in seen.seen} == {server.model(0.2)}
    assert (
        "The new champion is refused: model/rate.txt in the bento is not" in server.log.read_text()
    )


@pytest.mark.parametrize(("rate", "counted"), [(WRONG, "failed"), (SLOW, "dropped")])
def test_a_challenger_that_is_slow_or_wrong_costs_nobody_anything(
    server: Server, rate: float, counted: str
) -> None:
    point(server.live, champion=0.2)
    with load(server.port, BODY) as alone:
        time.sleep(1)
    point(server.live, champion=0.2, challenger=rate)
    begun = f'leeway_model_info{{registered="v{rate}",role="challenger"'
    wait_until(lambda: metric(server.port, begun) == 1, 5)
    with load(server.port, BODY) as beside:
        time.sleep(1)
        # A busy machine takes longer to fill the queue of a slow one, which then drops what comes.
        wait_until(lambda: metric(server.port, f"leeway_shadow_{counted}_total") > 0, 60)
    assert alone.failed == beside.failed == []
    slower = statistics.median(one[2] for one in beside.seen)
    assert slower < 3 * statistics.median(one[2] for one in alone.seen)
    assert max(one[2] for one in beside.seen) < 2
