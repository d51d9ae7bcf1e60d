"""Incidents are told through Airflow's connections. Airflow's server is a stand-in, mail is real."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from types import SimpleNamespace

import mail_server
import pytest
from dvc_alerts import Notify, alerts_dag
from dvc_alerts_channels import incidents
from small_git import commit, shell
from stand_in_api import Api, serving

from include.alerts.incidents import Alarm
from include.errors import PipelineError

START = datetime(2026, 1, 1, tzinfo=UTC)


class Answers(Api):
    """What Airflow has of the runs of one DAG."""

    def do_GET(self) -> None:
        refuses = self.server.refuses
        if refuses is True or (refuses and refuses in self.path):
            self.send_error(503)
        elif "/dagRuns" in self.path:
            self.answer({"dag_runs": self.server.runs})
        else:
            dag = {"dag_id": "train", "is_stale": False}
            self.answer({"dags": [dag] if self.server.runs is not None else []})

    def do_PATCH(self) -> None:
        self.server.notes.append(self.asked()["note"])
        self.answer({})


@pytest.fixture
def airflow(monkeypatch, tmp_path) -> Iterator[ThreadingHTTPServer]:
    monkeypatch.setenv("AIRFLOW__LEEWAY__HOME", str(tmp_path / "home"))
    with serving(Answers, monkeypatch, runs=[], notes=[], refuses=False) as server:
        yield server


def smtp(port: int, **more) -> str:
    about = {"conn_type": "smtp", "host": "localhost", "port": port}
    extra = {"from_email": "leeway@example.com", "to": "ann@example.com, bob@example.com"}
    return json.dumps({**about, "extra": {**extra, "tls": "none", **more}})


def look(repo, **arguments) -> dict:
    """What a run of the DAG of alerts returns."""
    arguments = {"pipelines": {"train": {}}, "repo": repo, "start_date": START, **arguments}
    dag = alerts_dag("alerts", **arguments)
    [task] = dag.tasks
    return task.execute({"dag": dag, "run_id": "one"})


def run(state: str, run_id: str = "one") -> dict:
    now = datetime.now(UTC).isoformat()
    ended = now if state in ("success", "failed") else None
    return {
        "dag_run_id": run_id,
        "state": state,
        "queued_at": now,
        "start_date": now,
        "end_date": ended,
    }


def test_a_failure_is_told_once_and_its_end_once_through_a_mail_server_that_was_down(
    airflow, made, monkeypatch
):
    monkeypatch.setenv("AIRFLOW__LEEWAY__ALERTS", "log, leeway_smtp")
    with mail_server.serving() as server:
        port = server.port
    monkeypatch.setenv("AIRFLOW_CONN_LEEWAY_SMTP", smtp(port))
    airflow.runs = [run("failed")]
    found = look(made)  # the server is gone
    assert (found["told"], found["waiting"]) == (["ALERT: A run of train failed"], 1)
    assert "did not take it" in found["problems"][0]
    assert airflow.notes[-1].startswith("1 incidents are open: A run of train failed. New: ALERT")
    with mail_server.serving() as server:
        monkeypatch.setenv("AIRFLOW_CONN_LEEWAY_SMTP", smtp(server.port))
        assert look(made)["told"] == look(made)["told"] == []
        assert len(server.mails) == 1 and "A run of train failed" in server.mails[0]
        airflow.runs = [run("failed"), run("success", "two")]
        assert look(made)["told"] == ["Resolved: A run of train failed"]
        assert look(made) == {"open": [], "told": [], "waiting": 0, "problems": []}
        assert len(server.mails) == 2 and len(server.to) == 4


def test_a_dag_that_airflow_has_not_is_an_alarm(airflow, made):
    airflow.runs = None
    assert look(made)["open"] == ["Airflow has no DAG train"]
    airflow.runs = []
    assert look(made)["told"] == ["Resolved: Airflow has no DAG train"]


def test_who_cannot_look_is_not_green_but_tells_what_waits(made, monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW__LEEWAY__HOME", str(tmp_path / "home"))
    incidents().report("any", "", {"any": Alarm("It is broken", "")}, ["log"])
    with pytest.raises(PipelineError) as error:  # that nothing was watched yet is no consolation
        look(made, watched={"watch": "watch.json"})
    assert str(error.value) == (
        "Of train nothing can be seen, so nobody is told of it. Nobody can see the runs of train: "
        "there is no connection leeway_api.\n"
        "  Next: add it, as docs/alerts.md says, or name no pipelines: windows need no login."
    )
    assert incidents().waiting(["log"]) == 0
    assert look(made, pipelines={})["problems"] == []


def test_a_server_that_is_down_is_not_green(airflow, made):
    airflow.refuses = True
    with pytest.raises(PipelineError, match="Of train nothing can be seen"):
        look(made)


def test_what_can_be_seen_is_told_though_another_cannot(airflow, made):
    airflow.runs, airflow.refuses = [run("failed")], "score"
    found = look(made, pipelines={"train": {}, "score": {}})
    assert found["open"] == ["A run of train failed"] and len(found["problems"]) == 1


def test_the_callback_of_a_task_is_one_alert_until_its_run_has_ended(airflow, made):
    airflow.runs = [run("success"), run("running", "two")]
    Notify()({"dag_run": {"dag_id": "train", "dag_run_id": "two"}})
    assert look(made)["told"] == []
    airflow.runs = [run("success"), run("failed", "two")]
    assert look(made)["told"] == []


def test_a_callback_and_the_dag_of_alerts_are_one_incident(airflow, made):
    failed = SimpleNamespace(dag_id="train", run_id="one")
    for known in (failed, {"dag_id": "train", "dag_run_id": "one"}):  # of a deadline: as in the API
        Notify()({"dag_run": known})
    assert [*incidents().open()] == ["train:failed"]
    airflow.runs = [run("failed")]
    assert look(made)["told"] == []
    airflow.runs = [run("success")]
    assert look(made)["told"] == ["Resolved: A run of train failed"]


def test_a_callback_never_fails_what_it_is_called_by(airflow, monkeypatch):
    monkeypatch.setenv("AIRFLOW__LEEWAY__ALERTS", "no_such")
    Notify("overdue")({})
    assert incidents().waiting(["no_such"]) == 1


LOCK = """schema: '2.0'
stages:
  watch:
    cmd: 'true'
    outs: [{path: watch.json, hash: md5, md5: 0123456789abcdef0123456789abcdef, size: 9}]
"""


def watched(repo, text: str, run_id: str = "scheduled__2026-01-01T000000+0000") -> None:
    """Let the experiment of a run hold what it watched, besides those of other runs."""
    stages = "stages: {watch: {cmd: 'true', outs: [watch.json: {cache: false}]}}"
    (repo / "dvc.yaml").write_text(stages)
    (repo / "dvc.lock").write_text(LOCK)
    (repo / "watch.json").write_text(text)
    commit(repo, text[:20])
    sha = shell(repo, "git", "rev-parse", "HEAD").strip()
    name = f"watch.{run_id}"
    for old in shell(repo, "git", "for-each-ref", "--format=%(refname)", "refs/exps").split():
        if old.endswith(name):
            shell(repo, "git", "update-ref", "-d", old)
    shell(repo, "git", "update-ref", f"refs/exps/{sha[:2]}/{sha[2:]}/{name}", sha)


def test_what_was_watched_last_is_an_incident_and_a_broken_report_is_said(airflow, repo):
    check = {"name": "auc", "kind": "hurts", "value": 0.6, "passed": False, "reason": "It is low."}
    about = {"start": "2013-06-01", "end": "2013-07-01", "model": "v0.0.3", "state": "hurts"}
    words = {"pipelines": {}, "watched": {"watch": "watch.json"}}
    assert look(repo, **words)["open"] == []  # nothing was watched yet
    watched(repo, json.dumps({"windows": [{**about, "checks": [check]}]}))
    assert look(repo, **words)["told"] == ["ALERT: watch: auc is beyond its limit"]
    watched(repo, '{"windows": 7}')
    with pytest.raises(PipelineError, match="has no windows that can be read"):
        look(repo, **words)
    assert [one.title for one in incidents().open().values()] == ["watch: auc is beyond its limit"]


def windows(end: str, passed: bool) -> str:
    """A report of one window, with a check."""
    check = {"name": "auc", "kind": "hurts", "value": 0.6, "passed": passed, "reason": "It is."}
    return json.dumps({"windows": [{"start": "2013-01-01", "end": end, "checks": [check]}]})


def test_a_window_that_was_watched_by_hand_opens_closes_and_mutes_nothing(airflow, repo):
    words = {"pipelines": {}, "watched": {"watch": "watch.json"}}
    for kind, end in (("manual", "2014-01-01"), ("backfill", "2014-02-01")):
        watched(repo, windows(end, False), f"{kind}__2026-01-09T000000+0000")
    assert look(repo, **words)["told"] == []
    watched(repo, windows("2013-07-01", False))
    assert look(repo, **words)["told"] == ["ALERT: watch: auc is beyond its limit"]
    watched(repo, windows("2014-03-01", True), "manual__2026-01-09T000000+0000")
    assert look(repo, **words)["open"] == ["watch: auc is beyond its limit"]


def test_an_old_window_that_is_watched_again_hides_no_newer_one(airflow, repo):
    words = {"pipelines": {}, "watched": {"watch": "watch.json"}}
    watched(repo, '{"windows": 7}', "scheduled__2026-01-07T000000+0000")
    watched(repo, windows("2013-08-01", False), "scheduled__2026-01-08T000000+0000")
    watched(repo, windows("2013-07-01", True), "scheduled__2026-01-09T000000+0000")
    assert look(repo, **words)["told"] == ["ALERT: watch: auc is beyond its limit"]


def test_deadlines_are_those_of_each_pipeline(made):
    due = {"ends_within": timedelta(hours=1), "at_least_every": timedelta(days=1)}
    dag = alerts_dag("alerts", pipelines={"train": due}, repo=made, start_date=START)
    assert (dag.timetable.expression, dag.catchup, dag.max_active_runs) == (
        "*/15 * * * *",
        False,
        1,
    )
