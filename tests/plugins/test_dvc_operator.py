"""What tasks of a run refuse, and in what order they speak. Airflow's server is a stand-in."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import dvc_runs
import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse
from dvc_dag import pipeline_dag
from small_git import commit, shell
from stand_in_api import Api, serving

from include.errors import ParamsError, PipelineError
from include.pipeline.workspace import Run


def context(*scheduled: str) -> dict[str, object]:
    states = {"one": dict.fromkeys(scheduled)}
    ti = SimpleNamespace(get_task_states=lambda dag_id, run_ids: states)
    return {"run_id": "one", "ti": ti, "dag": SimpleNamespace(dag_id="flights")}


def test_a_run_that_holds_all_tasks_of_the_graph_goes_on():
    dvc_runs.see_that_scheduled(context("open_run", "train", "close_run"), ["train"])


def test_a_run_from_an_older_reading_of_the_graph_names_what_it_lacks():
    with pytest.raises(PipelineError) as error:
        dvc_runs.see_that_scheduled(context("open_run", "close_run"), ["train"])
    assert str(error.value) == (
        "The graph has changed since this run was made: it lacks train.\n  Next: trigger a new run."
    )


def test_a_task_of_a_run_that_nobody_opened_says_so(repo):
    task = pipeline_dag("any", repo=repo, targets=["."]).get_task("close_run")
    with pytest.raises(PipelineError) as error:
        dvc_runs.run_here({"run_id": "one"}, task)
    assert str(error.value) == (
        "The run one has no workspace: open_run was skipped or marked, or the run was closed, or "
        "left for too long.\n  Next: clear open_run, with all that comes after it."
    )


def given(repo, conf: dict | None, **form: dict) -> dict[str, object]:
    """What a run by hand writes into files of params, by the names of its form and its JSON."""
    fields = {name.replace("__", "."): schema for name, schema in form.items()}
    dag = pipeline_dag("any", repo=repo, targets=["."], form=fields)
    run = SimpleNamespace(run_type="manual", conf=conf)
    held = {name: (conf or {}).get(name, dag.params[name]) for name in fields}
    return dag.get_task("open_run").values({"params": held, "dag_run": run})


TIMES = {"shout__times": {"maximum": 9}}


@pytest.mark.parametrize(
    ("conf", "values"),
    [
        (None, {"shout.times": 2}),
        ({"shout.times": 3}, {"shout.times": 3}),
        ({"shout.mark": "?"}, {"shout.times": 2, "shout.mark": "?"}),
        ({"extra.yaml:queue": "cpu"}, {"shout.times": 2, "extra.yaml:queue": "cpu"}),
        ({"shout": {"times": 3, "mark": "?"}}, {"shout.times": 3, "shout.mark": "?"}),
        ({"other": {}}, {"shout.times": 2, "other": {}}),
        ({"shout.tims": 3}, {"shout.times": 2, "shout.tims": 3}),
    ],
    ids=[
        "the form as it opens",
        "a field of the form",
        "a value that the form does not have",
        "a value of another file",
        "a section",
        "an empty section",
        "a misspelt name, which the opening refuses",
    ],
)
def test_no_value_of_a_run_is_dropped(made, conf, values):
    assert given(made, conf, **TIMES) == values


def test_a_section_does_not_lead_around_what_the_form_asks(made):
    with pytest.raises(ParamsError) as error:
        given(made, {"shout": {"times": 10}}, **TIMES)
    assert str(error.value) == (
        "The run sets shout.times to 10: 10 is greater than the maximum of 9.\n"
        "  Next: trigger a new run with another value."
    )


@pytest.mark.parametrize("kind", ["manual", "scheduled"])
def test_the_window_of_a_run_ends_at_what_it_took_from_its_interval_or_was_given(made, kind):
    dag = pipeline_dag("any", repo=made, interval={"shout.mark": "data_interval_end"})
    run = SimpleNamespace(run_type=kind, conf={"shout.mark": "2013-05-01"})
    end = {"data_interval_end": datetime(2013, 6, 1, tzinfo=UTC)}
    context = {"params": {"shout.mark": "2013-05-01"}, "dag_run": run, "run_id": "one", **end}
    window = {"manual": "2013-05-01", "scheduled": "2013-06-01"}[kind]
    assert dag.get_task("open_run").window(context) == window
    bare = pipeline_dag("bare", repo=made)
    context["dag_run"].conf = None
    assert bare.get_task("open_run").window(context) == ""


@pytest.mark.parametrize(("answer", "known"), [(2, 2), (None, 3)], ids=["a word", "silence"])
def test_where_airflow_is_silent_no_run_counts_as_deleted(made, answer, known):
    def get_dr_count(dag_id: str, run_ids: list[str]) -> int:
        if answer is None:
            raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR))
        return answer

    dag, task = SimpleNamespace(dag_id="any"), SimpleNamespace(get_dr_count=get_dr_count)
    assert dvc_runs.counted({"ti": task, "dag": dag})(["a", "b", "c"]) == known


def test_a_dag_knows_what_each_stage_waits_for(made):
    dag = pipeline_dag("any", repo=made, targets=["second"])
    assert dvc_runs.drawn(dag.tasks) == {
        "prepare": set(),
        "count@left": {"prepare"},
        "second/dvc.yaml:shout": {"prepare", "count@left"},
    }


def test_a_task_of_somebody_else_is_no_stage_whatever_it_holds(made):
    dag = pipeline_dag("any", repo=made, targets=["prepare"])
    other = EmptyOperator(task_id="copy", dag=dag)
    other.stage = "s3_stage"
    other.set_upstream(dag.get_task("prepare"))
    dag.get_task("close_run").set_upstream(other)
    assert dvc_runs.drawn(dag.tasks) == {"prepare": set()}
    assert dvc_runs.before(dag.get_task("close_run")) == {"prepare": "prepare"}


@pytest.mark.parametrize(
    ("count", "lives"), [(1, True), (0, False), (None, True)], ids=["waits", "ended", "unknown"]
)
def test_a_run_lives_while_airflow_says_so_or_says_nothing(made, count, lives):
    asked = []

    def get_dr_count(dag_id, run_ids, states):
        asked.append((dag_id, run_ids, states))
        if count is None:
            raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR))
        return count

    run = Run("a b", made, made, "", False, "", (), (), (), {}, dag_id="flights")
    context = {"ti": SimpleNamespace(get_dr_count=get_dr_count)}
    assert dvc_runs.live(context)(run) is lives
    assert asked == [("flights", ["a b"], ["queued", "running"])]


class Answers(Api):
    """Takes every change, and keeps it."""

    def do_PATCH(self) -> None:
        held = self.asked()
        entities = [one for action in held.get("actions", []) for one in action["entities"]]
        ready = len(list(self.server.home.glob("runs/*/.git/leeway/run.json")))
        self.server.happened += [
            f"{one['task_id']} {one.get('new_state')}, {ready} workspaces" for one in entities
        ]
        self.answer({"update": {"errors": []}})


@pytest.fixture
def happened(monkeypatch, tmp_path) -> Iterator[list[str]]:
    """What Airflow's server was told, in order, and what a task that asks then would find."""
    home = tmp_path / "home"
    monkeypatch.setenv("AIRFLOW__LEEWAY__HOME", str(home))
    with serving(Answers, monkeypatch, happened=[], home=home) as server:
        yield server.happened


def test_no_stage_is_done_before_the_tasks_after_it_can_ask_for_the_run(repo, happened):
    (repo / "dvc.yaml").write_text("stages: {one: {cmd: echo 1 > one.txt, outs: [one.txt]}}")
    shell(repo, sys.executable, "-m", "dvc", "repro", "--quiet", "one")
    commit(repo)
    dag = pipeline_dag("one", repo=repo, targets=["one"])
    tasks = {task.task_id: None for task in dag.tasks}
    ti = SimpleNamespace(get_task_states=lambda dag_id, run_ids: {"first": tasks})
    given = {"params": {}, "dag_run": SimpleNamespace(run_type="manual", conf=None)}
    context = {"ti": ti, "run_id": "first", "dag": dag, **given}
    found = dag.get_task("open_run").execute(context)
    assert happened == ["one success, 1 workspaces", "open_run None, 1 workspaces"]
    assert found["unchanged"] == ["one"]
    assert dvc_runs.run_here(context, dag.get_task("close_run")).unchanged == ("one",)
