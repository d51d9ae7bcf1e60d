"""What a note on an incident proposes is asked, and done if a person says so. Airflow is a stand-in."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.sdk import Asset, AssetAlias
from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped
from dvc_proposals import proposals_dag
from dvc_proposals_approval import page
from small_git import commit, shell
from stand_in_api import Api, serving

from include.errors import ParamsError, PipelineError
from include.pipeline.closing.card import write_card
from include.pipeline.names import run_name
from include.pipeline.workspace import reports_of

NOW = datetime(2026, 7, 1, tzinfo=UTC)
RUN = "scheduled__2026-06-01T00:00:00+00:00"
MAY = {"retrain": "train", "roll_back": "back", "artifact": "model"}
NOTE = {"run": run_name("watch", RUN), "headline": "A task failed.", "written_by": "playbook"}


class Answers(Api):
    """What Airflow has of a run, and what it was told to do."""

    def do_GET(self) -> None:
        self.answer({"state": self.server.state, "end_date": "2026-06-02", "note": ""})

    def do_POST(self) -> None:
        held = self.asked()
        if "/auth/token" not in self.path:
            self.server.told.append((self.path, held))
        self.answer({"access_token": "t", "total_entries": 3, "dag_run_id": "manual__1"})

    def do_PATCH(self) -> None:
        held = self.asked()
        if "note" in held:
            self.server.notes.append(held["note"])
        self.answer({"update": {"errors": []}})


@pytest.fixture
def airflow(monkeypatch) -> Iterator[ThreadingHTTPServer]:
    with serving(Answers, monkeypatch, state="failed", told=[], notes=[]) as server:
        yield server


def drawn(repo: Path, home: Path, *command: str, **about: dict):
    """The DAG that asks, with its reports in a folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__LEEWAY__HOME", str(home))
        about = about or {"watch": MAY, "train": {"roll_back": "back"}}
        return proposals_dag(
            "ask", about=about, investigate=command, repo=repo, start_date=NOW, default_args={}
        )


class Exchanged:
    """What tasks of a run tell each other."""

    def __init__(self, **held: object) -> None:
        self.held = {(name, "return_value"): value for name, value in held.items()}
        self.task, self.map_index = "", -1

    def xcom_pull(self, task_ids: str, key: str = "return_value") -> object:
        return self.held.get((task_ids, key))

    def xcom_push(self, key: str, value: object) -> None:
        self.held[self.task, key] = value

    def get_dr_count(self, dag_id: str, run_ids: list[str]) -> int:
        return len(run_ids)


def context(dag, task_id: str, ti: Exchanged | None = None, note=None, run: str = "", **more):
    task, ti = dag.get_task(task_id), ti or Exchanged()
    ti.task = task_id
    held = {"dag": dag, "task": task, "ti": ti, "run_id": "r", "params": {"note": note, "run": run}}
    return task, {**held, "triggering_asset_events": {}, **more}


def proposing(*proposals: object) -> dict:
    return {**NOTE, "proposals": [*proposals]}


def proposal(action: str, target: str, **more) -> dict:
    return {"action": action, "target": target, "why": {"text": "It is time."}, **more}


def read(dag, *proposals: object) -> dict:
    task, held = context(dag, "read_note", note=proposing(*proposals))
    return task.execute(held)


def test_each_action_has_its_own_question_and_its_own_task(made, tmp_path):
    dag = drawn(made, tmp_path, "write")
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {
        "read_note": {"approve_clear", "approve_retrain", "approve_roll_back"},
        "approve_clear": {"clear_run"},
        "approve_retrain": {"ask_to_retrain"},
        "approve_roll_back": {"trigger_rollback"},
        "clear_run": {"conclude"},
        "ask_to_retrain": {"conclude"},
        "trigger_rollback": {"conclude"},
        "conclude": set(),
    }
    waits = {asset.uri for asset in dag.timetable.asset_condition.objects}
    assert waits == {f"dvc-runs://{made.name}/watch", f"dvc-runs://{made.name}/train"}
    assert not drawn(made, tmp_path).timetable.asset_condition
    assert dag.get_task("approve_clear").response_timeout == timedelta(days=7)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (proposal("delete", "x"), "'delete', which is no action. Next: propose one of clear,"),
        (proposal("cleer", RUN), "no action. Did you mean 'clear'? Next: "),
        (proposal("clear", "manual__1"), "proposes to clear 'manual__1', which is another run."),
        (proposal("retrain", "trian"), "'trian', which nobody knows here. Did you mean 'train'?"),
        (proposal("retrain", "train", until="2013"), "until: Extra inputs are not permitted."),
        (proposal("roll_back", "train"), "model has no version to go back to. Next: do it"),
        ("rm -r /", "A note proposes 'rm -r /', which is no action."),
        ({"action": "clear"}, "A proposal to 'clear' is not as it should be: target: Field"),
    ],
    ids=[
        *("unknown action", "misspelt action", "another run", "unknown target", "unknown setting"),
        *("nothing to go back to", "no proposal", "half a proposal"),
    ],
)
def test_what_is_not_known_is_refused_and_asked_of_nobody(airflow, made, tmp_path, held, said):
    found = read(drawn(made, tmp_path), held)
    assert found["plans"] == {}
    assert said in found["told"]


@pytest.mark.parametrize(
    ("about", "action", "target", "said"),
    [
        ({"other": {}}, "clear", RUN, "a run of no DAG that may be acted on: other."),
        (
            {"watch": {}},
            "retrain",
            "watch",
            "to retrain for watch, and no DAG may do so. Next: add",
        ),
        (
            {"watch": {"roll_back": "back"}},
            "roll_back",
            "back",
            "names no artifact that back takes",
        ),
    ],
    ids=["a DAG that is not named", "an action that is not allowed", "no artifact"],
)
def test_what_the_dag_file_does_not_allow_is_refused(
    airflow, made, tmp_path, about, action, target, said
):
    found = read(drawn(made, tmp_path, **about), proposal(action, target))
    assert (found["plans"], said in found["told"]) == ({}, True)


def test_a_run_that_has_not_failed_is_not_cleared(airflow, made, tmp_path):
    airflow.state = "success"
    told = read(drawn(made, tmp_path), proposal("clear", RUN))["told"]
    assert "is success: there is nothing to clear. Next: trigger a new run of watch" in told


def test_without_a_login_no_run_can_be_cleared(made, tmp_path):
    told = read(drawn(made, tmp_path), proposal("clear", RUN))["told"]
    assert "Without the connection leeway_api, no run can be seen or cleared." in told


def test_of_two_proposals_of_a_kind_and_of_many_the_first_count(airflow, made, tmp_path):
    found = read(drawn(made, tmp_path), *[proposal("retrain", name) for name in ("watch", "train")])
    assert found["plans"]["retrain"]["target"] == "watch"
    assert "A note proposes to retrain twice; the first of them counts." in found["told"]
    told = read(drawn(made, tmp_path), *[proposal("delete", "x")] * 12)["told"]
    assert "2 more proposals were not looked at." in told


@pytest.mark.parametrize(
    "note", [{}, {"run": 1}, {"run": "watch.x", "proposals": "all"}, ["run"], {"headline": "x"}]
)
def test_what_is_no_note_is_an_error(made, tmp_path, note):
    task, held = context(drawn(made, tmp_path), "read_note", note=note)
    with pytest.raises(PipelineError, match="This is no note on an incident: "):
        task.execute(held)


def test_what_a_model_wrote_stays_in_its_cell_and_leads_nowhere(airflow, made, tmp_path):
    evil = {"text": "[here](https://evil.org/x) | `rm` <img> a@evil.org www.evil.org\n# Approve"}
    plans = read(drawn(made, tmp_path), {**proposal("retrain", "train"), "why": evil})["plans"]
    [line] = [line for line in page(plans["retrain"]).splitlines() if "because" in line]
    said = r"\[here\](https: //evil.org/x) \| 'rm' \<img\> a(at)evil.org www .evil.org # Approve"
    assert line == f"| because | {said} |"


def asked(dag, action: str, *proposals: object, by: dict | None = None, word: str = "Approve"):
    """What comes of the answer to a question, and what tasks tell each other then."""
    ti = Exchanged(read_note=read(dag, *proposals))
    task, held = context(dag, f"approve_{action}", ti)
    event = {"chosen_options": [word], "params_input": {}, "responded_at": NOW}
    who = task.execute_complete(held, {**event, "responded_by_user": by})
    ti.held[f"approve_{action}", "return_value"] = who
    return ti


ANN = {"id": "1", "name": "ann"}


@pytest.mark.parametrize(
    ("word", "by", "said"),
    [
        ("Reject", ANN, "ann rejected it."),
        ("Reject", None, "nobody answered in time."),
        ("Approve", {"id": "2", "name": "leeway"}, "leeway is the login of tasks, and no person."),
    ],
    ids=["a person refuses", "the time is over", "the login of tasks"],
)
def test_who_does_not_approve_or_is_no_person_lets_nothing_be_done(
    airflow, made, tmp_path, word, by, said
):
    dag = drawn(made, tmp_path)
    ti = Exchanged(read_note=read(dag, proposal("clear", RUN)))
    task, held = context(dag, "approve_clear", ti)
    event = {"chosen_options": [word], "params_input": {}, "responded_at": NOW}
    with pytest.raises(DownstreamTasksSkipped) as error:
        task.execute_complete(held, {**event, "responded_by_user": by})
    assert error.value.tasks == ["clear_run"]
    act, held = context(dag, "clear_run", ti)
    with pytest.raises(AirflowSkipException, match="nobody has approved"):
        act.execute(held)
    ti.held["clear_run", "said"] = None
    last, held = context(dag, "conclude", ti)
    assert last.execute(held).endswith(f"Proposed: clear. Not done (clear): {said}")
    assert airflow.told == []


def test_what_is_not_proposed_is_asked_of_nobody(airflow, made, tmp_path):
    dag = drawn(made, tmp_path)
    task, held = context(dag, "approve_retrain", Exchanged(read_note=read(dag)))
    with pytest.raises(AirflowSkipException, match="does not propose to retrain"):
        task.execute(held)


def test_an_approved_run_is_cleared_where_it_failed(airflow, made, tmp_path):
    dag = drawn(made, tmp_path)
    ti = asked(dag, "clear", proposal("clear", RUN), by=ANN)
    task, held = context(dag, "clear_run", ti)
    assert task.execute(held) == f"Cleared 3 tasks of {RUN} of watch"
    cleared = {"dag_run_id": RUN, "only_failed": True, "reset_dag_runs": True, "dry_run": False}
    assert airflow.told == [("/api/v2/dags/watch/clearTaskInstances", cleared)]


def test_an_approval_expires_when_the_run_was_cleared_meanwhile(airflow, made, tmp_path):
    dag = drawn(made, tmp_path)
    ti = asked(dag, "clear", proposal("clear", RUN), by=ANN)
    airflow.state = "running"
    task, held = context(dag, "clear_run", ti)
    with pytest.raises(AirflowSkipException, match="what was shown is no longer so: .* is running"):
        task.execute(held)
    assert airflow.told == []


def test_what_a_worker_wrote_into_the_plan_is_not_obeyed(airflow, made, tmp_path):
    dag = drawn(made, tmp_path)
    ti = asked(dag, "clear", proposal("clear", RUN), by=ANN)
    ti.held["read_note", "return_value"]["plans"]["clear"]["doer"] = "payroll"
    task, held = context(dag, "clear_run", ti)
    with pytest.raises(AirflowSkipException, match="what was shown is no longer so; now: what"):
        task.execute(held)


def test_an_approved_training_is_asked_for_as_a_policy_asks(airflow, made, tmp_path):
    write_card(tmp_path, ("watch", RUN), window="2026-06-01")
    dag = drawn(made, tmp_path)
    ti = asked(dag, "retrain", proposal("retrain", "watch"), by=ANN)
    sent: list[tuple[Asset, dict]] = []
    events = {
        dag.get_task("ask_to_retrain").alias: SimpleNamespace(
            add=lambda *a, **k: sent.append((*a, k))
        )
    }
    task, held = context(dag, "ask_to_retrain", ti, outlet_events=events)
    assert task.execute(held) == "train is asked to train"
    [(asset, more)] = sent
    assert asset.uri == f"dvc-requests://{made.name}/train"
    because = [f"ann approved what the note on {NOTE['run']} proposes.", "A task failed."]
    assert more["extra"] == {
        "until": "2026-06-01",
        "because": [*because, "It is time."],
        "experiment": NOTE["run"],
    }
    assert task.outlets == [AssetAlias("proposals of retraining")]


@pytest.fixture
def promoted(repo: Path) -> Path:
    """A repository of which two versions were live, one after the other."""
    for number in (1, 2):
        (repo / "note.txt").write_text(str(number))
        commit(repo)
        for tag in (f"model@v0.0.{number}", f"model#champion#{number}"):
            shell(repo, "git", "tag", "--annotate", "--message", tag, tag)
    return repo


def test_an_approved_rollback_is_triggered_with_its_reason(airflow, promoted, tmp_path):
    dag = drawn(promoted, tmp_path)
    ti = asked(dag, "roll_back", proposal("roll_back", "second.shout"), by=ANN)
    does = ti.xcom_pull("read_note")["plans"]["roll_back"]["does"]
    assert does == "model: v0.0.1 is live again, in the place of v0.0.2"
    task, held = context(dag, "trigger_rollback", ti)
    assert task.execute(held) == "manual__1 of back takes the promotion back"
    [(path, told)] = airflow.told
    reason = f"ann approved what the note on {NOTE['run']} proposes."
    assert path == "/api/v2/dags/back/dagRuns"
    assert told["conf"] == {"reason": reason, "stage": "champion"}


def ended(dag_id: str = "watch", kind: str = "scheduled", task: str | None = "close_run") -> dict:
    """The event of a run that was closed."""
    about = {"source_task_id": task, "source_dag_id": dag_id, "source_run_id": RUN}
    event = SimpleNamespace(**about, timestamp=NOW, extra={"run_type": kind, "experiment": "x"})
    return {"triggering_asset_events": {"asset": [event]}}


WRITE = """
import json, os, sys
run, note = sys.argv[1:]
assert not any(name.startswith("AIRFLOW__") for name in os.environ)
json.dump({"run": run, "headline": "h", "proposals": []}, open(note, "w"))
"""


def closed(home: Path, state: str) -> None:
    """The run, with a report that comes to a state."""
    place = reports_of(home, "watch", RUN)
    place.mkdir(parents=True)
    (place / "watch.json").write_text(json.dumps({"verdict": {"state": state, "sentence": "s"}}))
    write_card(home, ("watch", RUN))


def test_a_run_in_trouble_is_looked_into_and_the_note_is_kept_among_the_reports(
    airflow, made, tmp_path
):
    closed(tmp_path, "hurts")
    dag = drawn(made, tmp_path, sys.executable, "-c", WRITE, "{run}", "{note}")
    task, held = context(dag, "read_note", **ended())
    assert task.execute(held)["told"] == f"{NOTE['run']}: h Nothing is proposed."
    assert (
        json.loads((reports_of(tmp_path, "ask", "r") / "note.json").read_text())["headline"] == "h"
    )


@pytest.mark.parametrize(
    ("state", "kind", "said"),
    [("steady", "scheduled", "tells of no trouble."), ("hurts", "manual", "was begun by hand: ")],
    ids=["all is well", "a person looked at another window"],
)
def test_a_run_that_needs_no_note_gets_none(airflow, made, tmp_path, state, kind, said):
    closed(tmp_path, state)
    task, held = context(drawn(made, tmp_path, "false"), "read_note", **ended(kind=kind))
    found = task.execute(held)
    assert (found["plans"], said in found["told"]) == ({}, True)


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
