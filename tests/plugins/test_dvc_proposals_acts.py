"""What a person approved is done as it was shown, or not at all. Airflow is a stand-in."""

from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.sdk import Asset, AssetAlias
from airflow.sdk.exceptions import AirflowSkipException
from assistant_proposing import (
    ANN,
    NOTE,
    RUN,
    Answers,
    asked,
    context,
    drawn,
    proposal,
    quiet,
    read,
)
from small_git import commit, shell
from stand_in_api import serving

from include.pipeline.closing.card import write_card


@pytest.fixture
def airflow(monkeypatch) -> Iterator[ThreadingHTTPServer]:
    with serving(Answers, monkeypatch, **quiet()) as server:
        yield server


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
    ti.held["approve_clear", "shown"]["doer"] = "payroll"
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
    because = [
        f"ann approved what the note on {NOTE['run']}, which eve brought, proposes.",
        "A task failed.",
    ]
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
    reason = f"ann approved what the note on {NOTE['run']}, which eve brought, proposes."
    assert path == "/api/v2/dags/back/dagRuns"
    assert told["conf"] == {"reason": reason, "stage": "champion"}


def test_an_approval_is_of_what_was_shown_also_if_the_note_is_read_anew(
    airflow, promoted, tmp_path
):
    dag = drawn(promoted, tmp_path)
    back = proposal("roll_back", "second.shout")
    ti = asked(dag, "roll_back", back, by=ANN)
    shell(promoted, "git", "tag", "--annotate", "--message", "x", "model@v0.0.3")
    shell(promoted, "git", "tag", "--annotate", "--message", "x", "model#champion#3")
    ti.held["read_note", "return_value"] = read(dag, back)
    task, held = context(dag, "trigger_rollback", ti)
    with pytest.raises(AirflowSkipException, match="no longer so; now: .* in the place of v0.0.3"):
        task.execute(held)
    assert airflow.told == []
