"""What a note on an incident proposes is asked, if it is known here. Airflow is a stand-in."""

from collections.abc import Iterator
from datetime import timedelta
from http.server import ThreadingHTTPServer

import pytest
from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped
from assistant_proposing import (
    ANN,
    NOW,
    RUN,
    Answers,
    Exchanged,
    context,
    drawn,
    proposal,
    proposing,
    quiet,
    read,
)
from dvc_proposals_approval import page
from stand_in_api import serving

from include.errors import PipelineError


@pytest.fixture
def airflow(monkeypatch) -> Iterator[ThreadingHTTPServer]:
    with serving(Answers, monkeypatch, **quiet()) as server:
        yield server


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


def test_a_run_that_is_gone_is_refused_and_a_server_that_is_down_is_asked_again(
    airflow, made, tmp_path
):
    airflow.state = "404"
    told = read(drawn(made, tmp_path), proposal("clear", RUN))["told"]
    assert f"Refused: Airflow has no run {RUN} of watch. Next: do it by hand" in told
    airflow.state = "503"
    with pytest.raises(PipelineError, match="with 503"):
        read(drawn(made, tmp_path), proposal("clear", RUN))


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


def test_a_note_that_a_person_brought_says_so_and_is_nobody_elses(airflow, made, tmp_path):
    dag = drawn(made, tmp_path)
    forged = {**proposing(proposal("retrain", "train")), "headline": "See http://evil @all"}
    task, held = context(dag, "read_note", note=forged)
    found = task.execute(held)
    assert found["told"].startswith("By a note that eve brought, on watch.scheduled__2026-06-01T")
    assert found["told"].endswith(": See http: //evil (at)all Proposed: retrain.")
    shown = page(found["plans"]["retrain"])
    said = "eve; it names 'playbook' as its author. Nobody has checked what it says."
    assert f"| brought by | {said} |" in shown and "written by" not in shown
    written = page({**found["plans"]["retrain"], "brought_by": ""})
    assert "| written by | playbook |" in written and "brought by" not in written
    last, held = context(dag, "conclude", Exchanged(read_note=found))
    assert last.execute(held) == found["told"]
    assert all("://" not in note for note in airflow.notes)
