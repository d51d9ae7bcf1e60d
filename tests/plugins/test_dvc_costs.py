"""The notes of tasks and runs say what was taken and what was saved. Airflow's server is a stand-in."""

import re
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.sdk import DAG
from dvc_costs import savings, tell_cost, told_cost
from dvc_dag import pipeline_dag
from past_experiments import add, recorded, start
from small_git import commit, shell
from stand_in_api import Api, serving

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


class Notes(Api):
    """Holds the note of a run."""

    def do_GET(self) -> None:
        self.answer({"note": self.server.note})

    def do_PATCH(self) -> None:
        held = self.asked()
        for action in held.get("actions", []):
            self.server.told |= {one["task_id"]: one["note"] for one in action["entities"]}
        self.server.note = held.get("note", self.server.note)
        self.answer({"update": {"errors": []}})


@pytest.fixture
def airflow(monkeypatch) -> Iterator[ThreadingHTTPServer]:
    with serving(Notes, monkeypatch, note="", told={}) as server:
        yield server


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


def walked(dag: DAG, run_id: str) -> None:
    """A run of a DAG, task by task."""
    states = {run_id: {task.task_id: None for task in dag.tasks}}
    ti = SimpleNamespace(
        get_task_states=lambda dag_id, run_ids: states,
        get_dr_count=lambda dag_id, run_ids: len(run_ids),
        try_number=1,
    )
    events = {asset: SimpleNamespace() for task in dag.tasks for asset in task.outlets}
    context = {"ti": ti, "run_id": run_id, "dag": dag, "params": {}, "outlet_events": events}
    context["dag_run"] = SimpleNamespace(run_type="manual", conf=None)
    for name in ("open_run", "one", "close_run"):
        dag.get_task(name).execute(context)


def test_the_notes_of_two_runs_say_what_the_first_took_and_the_second_saved(
    repo, airflow, monkeypatch, tmp_path
):
    monkeypatch.setenv("AIRFLOW__LEEWAY__HOME", str(tmp_path / "home"))
    (repo / "dvc.yaml").write_text("stages: {one: {cmd: echo 1 > one.txt, outs: [one.txt]}}")
    values = (repo / "params.yaml").read_text()
    costs = "costs: {currency: EUR, queues: {default: {cpu_hour: 1}}}\n"
    (repo / "params.yaml").write_text(f"{values}{costs}")
    commit(repo)
    dag = pipeline_dag("one", repo=repo, targets=["one"])
    walked(dag, "first")
    took = re.compile(r"[\d.]+ s of CPU in [\d.]+ s, 0\.\d\d GB, [\d.]+ Wh, [\d.]+ EUR")
    ran, _, cost = airflow.told["one"].partition("; ")
    assert ran == "ran: it never ran before" and took.fullmatch(cost)
    begin, _, cost = airflow.note.partition(" It took ")
    assert begin.endswith("0 of 1 stages have nothing to do.") and took.fullmatch(cost[:-1])
    walked(dag, "second")
    saved = r"saves [\d.]+ s of CPU in [\d.]+ s, 0\.\d\d GB, [\d.]+ Wh"
    assert re.fullmatch(f"cached: no dep, param or command changed; {saved}", airflow.told["one"])
    assert re.search(r"It took .* EUR, and saved .* EUR \(1 cached\)\.$", airflow.note)


def test_an_experiment_without_a_record_leaves_the_note_as_it_is(run, airflow):
    airflow.note = "as it was"
    context = {"dag": SimpleNamespace(dag_id="train"), "run_id": "m2"}
    assert tell_cost(context, run.repo, "never") == ""
    assert airflow.note == "as it was"
