"""The notes of tasks and runs say what was taken and what was saved. Airflow's server is a stand-in."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from dvc_costs import savings, tell_cost, told_cost
from past_experiments import add, recorded, start
from small_git import shell

from include.pipeline.cost import Cost
from include.pipeline.reproduce import Outcome
from include.pipeline.workspace import Run

PRICES = "costs: {currency: EUR, queues: {gpu: {hour: 3600}}, budget: {cpu_s: 60}}\n"
TASK = SimpleNamespace(stage="fit", queue="gpu")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run in its workspace, of a repository in which `fit` has run before."""
    folder = start(tmp_path, {"params.yaml": PRICES})
    add(folder, "train.m1", recorded(cost={"fit": Cost(wall_s=20, cpu_s=31, ran=True, money=2)}))
    return Run("m2", folder, folder, stages=("fit", "judge"))


def test_a_stage_that_ran_says_what_it_took_at_the_price_of_its_queue(run):
    cost = Cost(wall_s=2, cpu_s=3, peak_gb=0.5, ran=True)
    outcome = Outcome("ran", ("the command changed",), 2.0, None, cost)
    assert told_cost(run, TASK, outcome) == ["3 s of CPU in 2 s, 0.50 GB, 0.017 Wh, 2 EUR"]


def test_a_stage_that_is_cached_says_what_that_saves_if_it_is_known(run):
    cached = Outcome("cached", (), 0.5, None, Cost(wall_s=0.5))
    assert told_cost(run, TASK, cached) == []  # on another worker's disk
    assert savings(run) == {"fit": "; saves 31 s of CPU in 20 s"}
    assert told_cost(run, TASK, cached) == ["saves 31 s of CPU in 20 s"]
    assert told_cost(run, SimpleNamespace(stage="judge", queue="default"), cached) == []


def test_where_workers_share_no_disk_the_runs_of_others_count(run, tmp_path_factory):
    clone = tmp_path_factory.mktemp("worker") / "clone"
    shell(run.repo, "git", "clone", "--quiet", str(run.repo), str(clone))
    here = Run("m2", clone, clone, stages=("fit",), url=str(run.repo))
    assert savings(here) == {"fit": "; saves 31 s of CPU in 20 s"}
    gone = Run("m3", clone, clone, stages=("fit",), url=str(clone / "nowhere"))
    assert savings(gone) == {"fit": "; saves 31 s of CPU in 20 s"}


class Notes(BaseHTTPRequestHandler):
    """Holds the note of a run."""

    def do_POST(self) -> None:
        self.answer({"access_token": "token"})

    def do_GET(self) -> None:
        self.answer({"note": self.server.note})

    def do_PATCH(self) -> None:
        self.server.note = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["note"]
        self.answer({})

    def answer(self, body: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def airflow(monkeypatch) -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Notes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    login = {"conn_type": "http", "host": f"http://127.0.0.1:{server.server_port}"}
    login |= {"login": "leeway", "password": "secret"}
    monkeypatch.setenv("AIRFLOW_CONN_LEEWAY_API", json.dumps(login))
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "note", ["From commit 1.", "x" * 1000, None], ids=["short", "full", "none"]
)
def test_the_note_of_a_run_ends_with_its_cost_once(run, airflow, note):
    airflow.note = note
    cost = {"fit": Cost(wall_s=50, cpu_s=90, ran=True)}
    add(run.repo, "train.m2", recorded(opened=200.0, cost=cost), {"params.yaml": PRICES})
    context = {"dag": SimpleNamespace(dag_id="train"), "run_id": "m2"}
    for _ in range(2):
        said = tell_cost(context, run.repo, "train.m2")
        assert said == "It took 90 s of CPU in 50 s. BEYOND ITS BUDGET: 90 of 60 s of CPU."
        begin = (note or "")[: 1000 - len(said) - 1]
        assert airflow.note == f"{begin} {said}".strip()


def test_an_experiment_without_a_record_leaves_the_note_as_it_is(run, airflow):
    airflow.note = "as it was"
    context = {"dag": SimpleNamespace(dag_id="train"), "run_id": "m2"}
    assert tell_cost(context, run.repo, "never") == ""
    assert airflow.note == "as it was"
