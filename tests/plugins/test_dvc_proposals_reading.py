"""A run in trouble is looked into, and its note kept; one that needs none gets none."""

import json
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from assistant_proposing import NOTE, NOW, RUN, Answers, context, drawn, quiet
from dvc_proposals_trouble import ALARMS
from stand_in_api import serving

from include.assistant.investigator.evidence import GOOD
from include.errors import ParamsError, PipelineError
from include.pipeline.closing.card import WORST, write_card
from include.pipeline.workspace import reports_of


def ended(dag_id: str = "watch", kind: str = "scheduled", task: str | None = "close_run") -> dict:
    """The event of a run that was closed."""
    return {"triggering_asset_events": {"asset": [event(dag_id, kind, task)]}}


def event(
    dag_id: str, kind: str = "scheduled", task: str | None = "close_run", hours: int = 0
) -> SimpleNamespace:
    about = {"source_task_id": task, "source_dag_id": dag_id, "source_run_id": RUN}
    at = NOW + timedelta(hours=hours)
    return SimpleNamespace(**about, timestamp=at, extra={"run_type": kind, "experiment": "x"})


WRITE = """
import json, os, sys
run, note = sys.argv[1:]
assert not any(name.startswith("AIRFLOW__") for name in os.environ)
json.dump({"run": run, "headline": "h", "proposals": []}, open(note, "w"))
"""


def closed(home: Path, state: str | None, alarms: object = None, dag_id: str = "watch") -> None:
    """The run, with a report that comes to a state, and metrics that count alarms."""
    place = reports_of(home, dag_id, RUN)
    place.mkdir(parents=True)
    (place / "metrics.json").write_text(json.dumps({"alarms": alarms}))
    (place / "watch.json").write_text(json.dumps({"verdict": {"state": state, "sentence": "s"}}))
    write_card(home, (dag_id, RUN))


def test_a_run_in_trouble_is_looked_into_and_the_note_is_kept_among_the_reports(made, tmp_path):
    closed(tmp_path, "hurts")
    dag = drawn(made, tmp_path, sys.executable, "-c", WRITE, "{run}", "{note}")
    task, held = context(dag, "read_note", **ended())
    assert task.execute(held)["told"] == f"{NOTE['run']}: h Nothing is proposed."
    assert (
        json.loads((reports_of(tmp_path, "ask", "r") / "note.json").read_text())["headline"] == "h"
    )


@pytest.mark.parametrize("state", ["steady", "moved", None, "refused"])
def test_a_check_beyond_its_limit_is_looked_into_whatever_the_state(made, tmp_path, state):
    closed(tmp_path, state, 0 if state == "refused" else 1)
    dag = drawn(made, tmp_path, sys.executable, "-c", WRITE, "{run}", "{note}")
    task, held = context(dag, "read_note", **ended())
    assert task.execute(held)["told"] == f"{NOTE['run']}: h Nothing is proposed."


def test_the_investigator_takes_the_same_runs_for_trouble():
    assert {*ALARMS} == {*WORST} - GOOD


@pytest.mark.parametrize(
    ("state", "kind", "said"),
    [("steady", "scheduled", "tells of no trouble."), ("hurts", "manual", "was begun by hand: ")],
    ids=["all is well", "a person looked at another window"],
)
def test_a_run_that_needs_no_note_gets_none(made, tmp_path, state, kind, said):
    closed(tmp_path, state)
    task, held = context(drawn(made, tmp_path, "false"), "read_note", **ended(kind=kind))
    found = task.execute(held)
    assert (found["plans"], said in found["told"]) == ({}, True)


def together(made: Path, home: Path, train: str, kind: str = "scheduled") -> str:
    """What is told where two ends have begun one run, that of train last."""
    closed(home, "hurts")
    closed(home, train, dag_id="train")
    dag = drawn(made, home, sys.executable, "-c", WRITE, "{run}", "{note}")
    both = {"a": [event("watch")], "b": [event("train", kind, hours=1)]}
    task, held = context(dag, "read_note", triggering_asset_events=both)
    return task.execute(held)["told"]


@pytest.mark.parametrize(
    ("train", "kind"),
    [("steady", "scheduled"), ("hurts", "manual")],
    ids=["a good one", "one by hand"],
)
def test_an_alarm_is_looked_into_also_where_another_run_ended_after_it(made, tmp_path, train, kind):
    told = together(made, tmp_path, train, kind)
    assert told == f"{NOTE['run']}: h Nothing is proposed."


def test_of_two_runs_in_trouble_the_other_is_looked_into_by_a_run_of_its_own(
    made, tmp_path, monkeypatch
):
    train = NOTE["run"].replace("watch", "train", 1)
    with serving(Answers, monkeypatch, **quiet()) as airflow:
        told = together(made, tmp_path, "hurts")
    assert told.startswith(f"{train}: h Nothing is proposed. Looked into by runs of their own: ")
    [(path, asked)] = airflow.told
    assert path == "/api/v2/dags/ask/dagRuns" and asked["conf"] == {"run": NOTE["run"]}
    assert asked["dag_run_id"] == f"closed__{NOTE['run']}-20260701T000000"


def test_a_run_in_trouble_that_nobody_can_pass_on_is_named(made, tmp_path):
    told = together(made, tmp_path, "hurts")
    assert f"Not looked into: {NOTE['run']}: trigger this DAG with each" in told


TOLD = """
import json, sys
note = {"run": "watch.x", "headline": " ".join(sys.argv[2:]), "proposals": []}
json.dump(note, open(sys.argv[1], "w"))
"""


@pytest.mark.parametrize(
    ("run_id", "said"), [("failed__watch.x-1", "of watch.x --failed"), ("closed__", "of watch.x")]
)
def test_the_investigator_is_told_of_a_run_that_airflow_calls_failed(made, tmp_path, run_id, said):
    words = ["{note}", "of", "{run}", "{failed}"]
    dag = drawn(made, tmp_path, sys.executable, "-c", TOLD, *words)
    task, held = context(dag, "read_note", run="watch.x")
    told = task.execute({**held, "run_id": run_id})["told"]
    assert told == f"watch.x: {said} Nothing is proposed."


@pytest.mark.parametrize(
    ("command", "run", "said"),
    [
        (["{run}"], "watch.x", "The note was not written: .*No such file.*'watch.x'"),
        (
            [sys.executable, "-c", "raise SystemExit('no such run')"],
            "watch.x",
            r"\(1\): no such run",
        ),
        ([sys.executable, "-c", "pass"], "watch.x", "on watch.x wrote no note: "),
        (["true"], "payroll.x", "a run of no DAG that may be acted on"),
        ([], "watch.x", "No command writes the note on watch.x.\n  Next: trigger it with a note"),
    ],
    ids=["no command", "it fails", "it writes nothing", "another DAG", "none is named"],
)
def test_a_note_that_cannot_be_written_fails_the_task(made, tmp_path, command, run, said):
    task, held = context(drawn(made, tmp_path, *command), "read_note", run=run)
    with pytest.raises(PipelineError if command else ParamsError, match=said):
        task.execute(held)


@pytest.mark.parametrize(
    "other", [{}, ended("payroll"), ended(task=None)], ids=["nothing", "another DAG", "a person"]
)
def test_who_starts_it_has_to_say_what_it_is_about(made, tmp_path, other):
    task, held = context(drawn(made, tmp_path, "true"), "read_note", **other)
    with pytest.raises(ParamsError, match="names none.\n  Next: trigger it with a run"):
        task.execute(held)
