"""The DAG that scores is the part of dvc.yaml that scoring needs."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def dag():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__LEEWAY__REPO", str(ROOT))
        from flight_delays_score import flight_delays_score
    return flight_delays_score


def test_it_has_what_scoring_needs_and_trains_nothing(dag):
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {
        "open_run": {"ingest_flights", "fetch_champion"},
        "ingest_flights": {"validate_flights"},
        "validate_flights": {"build_features"},
        "build_features": {"score_flights"},
        "fetch_champion": {"score_flights"},
        "score_flights": {"close_run"},
        "close_run": set(),
    }


def test_it_scores_each_day_of_december_2013_with_what_is_live(dag):
    assert (dag.timetable.expression, dag.catchup) == ("0 0 * * *", False)
    assert (dag.start_date, dag.end_date) == (
        datetime(2013, 12, 1, tzinfo=UTC),
        datetime(2014, 1, 1, tzinfo=UTC),
    )
    task = dag.get_task("open_run")
    assert (task.interval, task.live) == (
        {"window.end": "data_interval_end"},
        {"champion": "flight_delays@champion"},
    )


def test_a_run_by_hand_may_score_another_day_with_another_version(dag):
    assert dict(dag.params) == {
        "score_flights.months": 3,
        "window.end": "2014-01-01",
        "champion.version": "live",
    }
