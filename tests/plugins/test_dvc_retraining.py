"""One pipeline asks another to train: once for each verdict, and the run says why it began."""

import json
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk import Asset, AssetAlias
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from dvc_dag import pipeline_dag
from dvc_retraining import request_of, verdict_in
from small_git import commit, shell

from include.errors import PipelineError

NOW = datetime(2026, 7, 1, tzinfo=UTC)
VERDICT = {
    "verdict": {"state": "retrain", "sentence": "Retrain: 2 of the last 3 windows are bad."},
    "until": "2013-07-01",
    "reasons": ["June: auc is 0.6; at least 0.7 is asked for."],
}
SAID = VERDICT["verdict"]["sentence"]
ASKED = {"until": "2013-07-01", "because": ["It is time."]}


def event(extra: object, minutes: int = 0, task: str | None = "ask_train", uri: str = ""):
    return SimpleNamespace(
        uri=uri or "dvc-requests://repo/train",
        extra=extra,
        source_task_id=task,
        source_dag_id="watch" if task else None,
        source_run_id=f"run-{minutes}" if task else None,
        timestamp=NOW + timedelta(minutes=minutes),
    )


def context(*events, kind: str = "asset_triggered") -> dict:
    held = {}
    for one in events:
        held.setdefault(Asset(one.uri), []).append(one)
    run = SimpleNamespace(run_type=kind, conf=None)
    return {"triggering_asset_events": held, "dag_run": run, "run_id": "r", "params": {}}


def test_a_run_says_who_asked_for_it_and_why():
    found = request_of(context(event({**ASKED, "because": ["It is\ntime.", "June was bad."]})))
    assert (found.until, found.by_task) == (date(2013, 7, 1), True)
    assert found.note == (
        "Asked for by run-0 of watch, until 2013-07-01. It is time. June was bad."
    )


def test_of_two_events_at_once_the_one_that_sees_most_counts():
    first, second = event(ASKED, 1), event({"until": "2013-08-01"}, 0)
    assert request_of(context(first, second)).until == date(2013, 8, 1)


def test_what_a_task_asked_for_goes_before_what_a_person_posted():
    person = event({"until": "2999-01-01", "from_rest_api": True}, 5, task=None)
    assert request_of(context(person, event(ASKED))).until == date(2013, 7, 1)


def test_an_event_by_hand_without_a_day_takes_the_window_of_params():
    found = request_of(context(event({"from_rest_api": True}, task=None)))
    assert (found.until, found.by_task) == (None, False)
    assert found.note == "Asked for by a person's event."


@pytest.mark.parametrize(
    "until", ["soon", "2013-02-30", 20130701, ["2013-07-01"], {}, "2013-07-01; rm -r /", True]
)
def test_a_broken_event_is_refused_unless_another_one_is_sound(until, monkeypatch):
    notes: list[str] = []
    monkeypatch.setattr("dvc_retraining.describe", lambda context, note: notes.append(note))
    broken = event({"until": until}, 9)
    with pytest.raises(AirflowFailException, match="no day.\n  Next: trigger a run"):
        request_of(context(broken))
    assert notes == [f"The event that asks for this run says until {until!r}: no day."]
    assert request_of(context(broken, event(ASKED))).until == date(2013, 7, 1)


def test_other_events_ask_for_nothing():
    assert request_of(context()) is None
    assert request_of(context(event(ASKED, uri="dvc-runs://repo/watch"))) is None
    assert request_of({}) is None
    alias = {AssetAlias("any"): [event(ASKED)]}
    assert request_of({"triggering_asset_events": alias}) is None


def test_a_long_reason_leaves_room_for_the_rest_of_the_note():
    found = request_of(context(event({**ASKED, "because": ["x" * 5000, {"a": 1}]})))
    assert len(found.note) < 600


def values(repo, *events, interval: str = "data_interval_end") -> dict:
    dag = pipeline_dag(
        "train", repo=repo, targets=["prepare"], interval={"shout.mark": interval}, on_request=True
    )
    held = {**context(*events), "params": {"shout.mark": "2013-01-01"}}
    return dag.get_task("open_run").values(held)


def test_the_window_of_a_run_ends_where_it_was_asked_to(made):
    assert values(made, event(ASKED)) == {"shout.mark": "2013-07-01"}
    assert values(made, event({}, task=None)) == {"shout.mark": "2013-01-01"}
    assert values(made) == {"shout.mark": "2013-01-01"}
    assert values(made, event(ASKED), interval="logical_date") == {"shout.mark": "2013-01-01"}


def test_a_pipeline_keeps_its_schedule_and_its_dates_beside_the_event(made):
    dates = {"start_date": datetime(2013, 6, 1, tzinfo=UTC), "end_date": NOW}
    both = pipeline_dag(
        "train", repo=made, targets=["prepare"], schedule="@monthly", on_request=True, **dates
    )
    asset = Asset(f"dvc-requests://{made.name}/train")
    assert both.timetable.asset_condition.objects == (asset,)
    assert both.timetable.timetable.earliest == dates["start_date"]
    alone = pipeline_dag("train", repo=made, targets=["prepare"], on_request=True)
    assert alone.timetable.asset_condition == asset
    beside = pipeline_dag(
        "train", repo=made, targets=["prepare"], schedule=[Asset("any://x")], on_request=True
    )
    assert beside.timetable.asset_condition.objects[1] == asset
    assert not hasattr(beside.timetable, "timetable")


LOCK = """schema: '2.0'
stages:
  judge:
    cmd: 'true'
    outs: [{path: verdict.json, hash: md5, md5: 0123456789abcdef0123456789abcdef, size: 9}]
"""


def say(repo, verdict: dict) -> None:
    """Let the experiment of a run hold a verdict, which git keeps."""
    (repo / "verdict.json").write_text(json.dumps(verdict))
    commit(repo)
    sha = shell(repo, "git", "rev-parse", "HEAD").strip()
    for old in shell(repo, "git", "for-each-ref", "--format=%(refname)", "refs/exps").split():
        shell(repo, "git", "update-ref", "-d", old)
    shell(repo, "git", "update-ref", f"refs/exps/{sha[:2]}/{sha[2:]}/watch.one", sha)


@pytest.fixture
def watched(repo):
    stages = "stages: {judge: {cmd: 'true', outs: [verdict.json: {cache: false}]}}"
    (repo / "dvc.yaml").write_text(stages)
    (repo / "dvc.lock").write_text(LOCK)
    say(repo, VERDICT)
    return repo


def asking(repo, *before, kind: str = "scheduled"):
    """The task that asks, what it knows, and what it sends."""
    dag = pipeline_dag("watch", repo=repo, targets=["judge"], asks={"train": "verdict.json"})
    task = dag.get_task("ask_train")
    [asset] = task.outlets
    sent = {asset: SimpleNamespace(extra={})}
    ti = SimpleNamespace(xcom_pull=lambda task_ids: "watch.one")
    held = {"ti": ti, "dag_run": SimpleNamespace(run_type=kind), "dag": dag, "run_id": "one"}
    return task, {**held, "outlet_events": sent, "inlet_events": {asset: [*before]}}, sent[asset]


def test_a_verdict_asks_with_its_day_and_its_reasons(watched):
    others = event({"until": "2013-06-01"}), event(ASKED, task=None), event(None)
    task, held, sent = asking(watched, *others)
    assert task.upstream_task_ids == {"close_run"}
    task.execute(held)
    because = [SAID, *VERDICT["reasons"]]
    assert sent.extra == {"until": "2013-07-01", "because": because, "experiment": "watch.one"}


def refused(made, verdict: dict, *before, kind: str = "scheduled") -> str:
    """Why a verdict asks nobody."""
    dag = pipeline_dag("watch", repo=made, targets=["."], asks={"train": "second/shout.txt"})
    task = dag.get_task("ask_train")
    held = {"dag_run": SimpleNamespace(run_type=kind), "dag": dag, "run_id": "one"}
    held["inlet_events"] = {task.asset: [*before]}
    with pytest.raises(AirflowSkipException) as error:
        task.see_that_asking(held, verdict_in(json.dumps(verdict), "verdict.json"))
    return str(error.value)


def test_a_window_is_asked_for_once(made):
    said = refused(made, VERDICT, event({"until": "2013-06-01"}, 1), event(ASKED, 2))
    assert said == "run-2 has asked before, until 2013-07-01."


@pytest.mark.parametrize("kind", ["manual", "backfill"])
def test_a_run_by_hand_or_of_a_backfill_asks_nobody(made, kind):
    said = f"a run of kind {kind} asks nobody; trigger train."
    assert refused(made, VERDICT, kind=kind) == f"{SAID} {said}"


def test_a_verdict_that_does_not_ask_says_what_holds_it_back(made):
    verdict = {"state": "held back", "sentence": "Not yet."}
    held = {**VERDICT, "verdict": verdict, "held_back_by": ["9 labels are new."]}
    assert refused(made, held) == "Not yet. 9 labels are new."


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", '{"verdict": "retrain"}', '{"verdict": {"state": "retrain"}}'),
        '{"verdict": {"state": "retrain", "sentence": ""}, "until": "soon"}',
        '{"verdict": {"state": "no", "sentence": ""}, "reasons": "x"}',
    ],
)
def test_what_is_no_verdict_is_an_error(text):
    with pytest.raises(PipelineError, match="verdict.json is no verdict on training: "):
        verdict_in(text, "verdict.json")


def test_a_verdict_that_is_no_out_of_the_dag_is_refused(made):
    with pytest.raises(PipelineError, match="No stage makes the report 'verdict.jso'"):
        pipeline_dag("watch", repo=made, targets=["prepare"], asks={"train": "verdict.jso"})
    with pytest.raises(PipelineError, match="asks names 0 outs of this DAG as the verdict for 't'"):
        pipeline_dag("watch", repo=made, targets=["prepare"], asks={"t": "second/shout.txt"})


@pytest.mark.parametrize(
    ("task", "kind"), [("ask_train", "asset_triggered"), (None, "manual")], ids=["task", "person"]
)
def test_only_what_a_task_asked_for_may_go_live_by_itself(made, task, kind):
    dag = pipeline_dag("train", repo=made, targets=["prepare"], on_request=True)
    closed = dag.get_task("close_run")
    [asset] = closed.outlets
    sent = {asset: SimpleNamespace(extra={})}
    closed.announce({**context(event(ASKED, task=task)), "outlet_events": sent}, "train.one")
    assert sent[asset].extra == {"experiment": "train.one", "run_type": kind}
