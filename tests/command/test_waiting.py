"""`leeway run` waits for what can come, and for nothing else."""

import os
from pathlib import Path
from typing import Any

import pytest
from airflow_answers import LATER, Answers, dag

from include.airflow_site.settings import Site
from include.command import run
from include.errors import PipelineError

BROKEN = {"filename": "/dags/small.py", "stack_trace": "No stage 'prepar'.\n", "timestamp": LATER}


def task(state: str | None) -> dict[str, Any]:
    return {"task_id": "open_run", "state": state, "start_date": None, "note": None}


@pytest.fixture
def site(repo: Path) -> Site:
    (repo / "dags").mkdir()
    (repo / "dags/small.py").write_text("# a DAG")
    (repo / "dags/helper.py").write_text("# for the other file")
    return Site.of(repo)


def test_a_file_that_speaks_of_no_dag_is_not_waited_for(site):
    assert run.wait_for_dag(site, Answers(dags=[dag("small")]), None) == "small"


def test_without_a_name_there_must_be_one_dag(site):
    with pytest.raises(PipelineError) as caught:
        run.wait_for_dag(site, Answers(dags=[dag("small"), dag("other")]), None)
    assert str(caught.value) == (
        "Airflow has 2 DAGs that could be meant.\n  Next: name one of other, small."
    )


def test_without_a_name_a_broken_file_might_have_been_the_one(site):
    (site.dags / "more.py").write_text("# another DAG")
    answers = Answers(dags=[dag("more", "more.py")], import_errors=[BROKEN])
    with pytest.raises(PipelineError, match="file small.py cannot be read: No stage 'prepar'"):
        run.wait_for_dag(site, answers, None)
    assert run.wait_for_dag(site, answers, "more") == "more"


def test_a_dag_that_was_read_before_its_file_changed_is_waited_for(site):
    os.utime(site.dags / "small.py")
    old = dag("small", last_parsed_time="2000-01-01T00:00:00Z")
    with pytest.raises(PipelineError, match="no DAG 'small'"):
        run.wait_for_dag(site, Answers(dags=[old]), "small", seconds=0)


@pytest.mark.parametrize("why", ["is_stale", "has_import_errors"])
def test_a_run_whose_dag_cannot_be_read_any_more_is_not_waited_for(monkeypatch, why):
    monkeypatch.setattr(run, "PATIENCE_S", 0)
    answers = Answers(
        state="running",
        task_instances=[task("up_for_reschedule")],
        dags=[dag("small", **{why: True})],
        import_errors=[BROKEN],
    )
    with pytest.raises(PipelineError) as caught:
        run.follow(answers, "small", "one")
    assert str(caught.value) == (
        "Airflow has no DAG 'small'.\nThe DAG file small.py cannot be read: No stage 'prepar'.\n"
        "  Next: mend the file."
    )


def test_an_interruption_that_stops_airflow_says_what_takes_the_run_up_and_what_ends_it():
    assert f"stopped{run.left('small/one', was_up=False)}." == (
        "stopped, and Airflow with it; small/one has not ended.\n"
        "  The same command takes it up, where commit and values are still the same.\n"
        "  Whatever else starts Airflow lets it go on, but for `leeway run` with --end small/one."
    )


def test_a_run_that_ends_gives_its_state(capsys):
    answers = Answers(state="success", task_instances=[task("success")])
    assert run.follow(answers, "small", "one") == "success"
    assert capsys.readouterr().out.split() == ["0.0", "s", "open_run", "success"]
