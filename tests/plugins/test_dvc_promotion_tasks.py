"""What the tasks of a promotion do where no Airflow has to run."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import DownstreamTasksSkipped
from dvc_approval import approved, page
from dvc_promotion import promotion_dag

from include.errors import ParamsError
from include.pipeline.registry.promotion import Proposal, Wanted

NOW = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def dag(made, monkeypatch):
    monkeypatch.setattr("dvc_approval.login", lambda: None)
    monkeypatch.setattr("dvc_notes.login", lambda: None)
    return promotion_dag("promote", pipeline="train", artifact="model", repo=made, start_date=NOW)


def context(dag, task_id: str, experiment: str = "", **events):
    task = dag.get_task(task_id)
    ti = SimpleNamespace(map_index=-1, xcom_push=lambda **_: None)
    held = {"asset": [event(**{"source_task_id": "close_run", **events})]} if events else {}
    params = {"experiment": experiment, "stage": "champion"}
    found = {"dag": dag, "task": task, "ti": ti, "run_id": "r", "params": params}
    return task, {**found, "triggering_asset_events": held}


def event(source_task_id: str | None, run_type: str, minutes: int = 0, dag_id: str = "train"):
    return SimpleNamespace(
        source_task_id=source_task_id,
        source_dag_id=dag_id,
        timestamp=NOW + timedelta(minutes=minutes),
        extra={"experiment": f"{run_type}-{minutes}", "run_type": run_type},
    )


def test_the_experiment_that_was_asked_for_goes_before_any_event(dag):
    task, held = context(dag, "find_experiment", " mine ", run_type="scheduled")
    assert task.execute(held) == {"experiment": "mine", "by_itself": False}


def test_of_several_runs_that_ended_the_newest_of_a_schedule_counts(dag):
    task, held = context(dag, "find_experiment")
    ends = [("scheduled", 1), ("scheduled", 3), ("manual", 4), ("asset_triggered", 2)]
    held["triggering_asset_events"] = {"asset": [event("close_run", *one) for one in ends]}
    assert task.execute(held) == {"experiment": "scheduled-3", "by_itself": True}


@pytest.mark.parametrize("kind", ["manual", "backfill"])
def test_a_run_by_hand_or_of_a_backfill_promotes_nothing_by_itself(dag, kind):
    task, held = context(dag, "find_experiment", run_type=kind)
    with pytest.raises(DownstreamTasksSkipped) as error:
        task.execute(held)
    assert {*error.value.tasks} == {"verify", "approve", "promote"}


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"run_type": "scheduled", "source_task_id": None},
        {"run_type": "scheduled", "dag_id": "b"},
    ],
    ids=["by hand", "by an event that a person posted", "by the end of another DAG"],
)
def test_without_an_experiment_it_says_how_to_name_one(dag, other):
    task, held = context(dag, "find_experiment", **other)
    with pytest.raises(ParamsError, match="names no experiment.\n  Next: trigger it with one"):
        task.execute(held)


def test_an_approval_that_nobody_gave_in_time_is_a_refusal(dag, caplog):
    task, held = context(dag, "approve")
    answer = {"chosen_options": ["Reject"], "params_input": {}, "responded_at": NOW}
    with pytest.raises(DownstreamTasksSkipped) as error:
        task.execute_complete(held, {**answer, "responded_by_user": None})
    assert error.value.tasks == ["promote"]
    assert task.response_timeout == timedelta(days=7)


def proposal(version: str, *gates: dict) -> Proposal:
    """What would go live, at a high risk."""
    return Proposal(
        wanted=Wanted("model", "verdict.json", "one"),
        commit="c" * 40,
        version=version,
        path="model.bin",
        hash="1",
        verdict_hash="2",
        champion="",
        risk="high",
        files={"model.bin": "1"},
        gates=[*gates],
    )


@pytest.mark.parametrize("asked", [True, False], ids=["a person was asked", "nobody was"])
def test_what_goes_live_is_what_was_shown_also_if_it_is_verified_anew(asked):
    kept = {("verify", "return_value"): asdict(proposal("v0.0.2"))}
    kept |= {("approve", "shown"): asdict(proposal("v0.0.1"))} if asked else {}
    ti = SimpleNamespace(xcom_pull=lambda task_ids, key="return_value": kept.get((task_ids, key)))
    assert approved({"ti": ti}) == proposal("v0.0.1" if asked else "v0.0.2")


def test_no_text_of_a_verdict_leaves_its_cell():
    gate = {"name": "a|b`c\nd", "value": None, "limit": "x", "passed": False, "reason": "y | z"}
    shown = page(proposal("v0.0.1", gate))
    assert "| a\\|b'c d | – | x | failed. y \\| z |" in shown.splitlines()
    assert "| live now | `none` |" in shown
