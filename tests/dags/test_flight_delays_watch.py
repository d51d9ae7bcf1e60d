"""The DAG that watches is the part of dvc.yaml that watching needs."""

from datetime import timedelta
from pathlib import Path

import pytest
from airflow.serialization.encoders import coerce_to_core_timetable
from airflow.timetables.base import TimeRestriction

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def dag():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__LEEWAY__REPO", str(ROOT))
        from flight_delays_watch import flight_delays_watch
    return flight_delays_watch


def test_it_has_what_watching_needs_and_trains_nothing(dag):
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {
        "open_run": {"ingest_flights", "fetch_champion"},
        "ingest_flights": {"validate_flights"},
        "validate_flights": {"build_features", "watch_flights"},
        "build_features": {"score_flights", "watch_flights"},
        "fetch_champion": {"score_flights", "watch_flights"},
        "score_flights": {"watch_flights"},
        "watch_flights": {"decide_retraining"},
        "decide_retraining": {"close_run"},
        "close_run": {"ask_flight_delays"},
        "ask_flight_delays": set(),
    }


def test_on_the_second_of_a_month_it_watches_the_month_before(dag):
    schedule, found = coerce_to_core_timetable(dag.timetable), []
    every, run = TimeRestriction(None, None, catchup=True), None
    while run := schedule.next_dagrun_info_v2(last_dagrun_info=run, restriction=every):
        found.append((run.run_after, run.data_interval.start))
    assert [after.strftime("%Y-%m-%d") for after, _ in found] == [
        *(f"2013-{month:02}-02" for month in range(6, 13)),
        "2014-01-02",
    ]
    assert all(after - start == timedelta(days=1) for after, start in found)
    assert dag.get_task("open_run").interval == {"window.end": "data_interval_start"}


def test_it_watches_what_is_live_and_publishes_what_it_finds(dag):
    assert dag.get_task("open_run").live == {"champion": "flight_delays@champion"}
    kept = dag.get_task("close_run").reports
    pages = ["reports/watch.json", "reports/retraining.json", "reports/retraining.html"]
    assert kept[:3] == pages
    assert {"metrics/watch.json", "metrics/retraining.json"} <= set(kept[3:])


def test_it_knows_what_was_trained_and_asks_for_more(dag):
    named = "flight_delays@window.end@metrics/features.json:labelled@train_xgboost,train_torch"
    assert dag.get_task("open_run").trained == {"retrained.trainings": named}
    task = dag.get_task("ask_flight_delays")
    assert task.verdict == "reports/retraining.json"
    [asset] = task.outlets
    assert asset.uri == f"dvc-requests://{ROOT.name}/flight_delays"


def test_a_run_by_hand_may_have_limits_of_its_own(dag):
    assert dict(dag.params) == {
        "watch_flights.hurting.auc_min": 0.68,
        "watch_flights.hurting.calibration_gap_max": 0.06,
        "watch_flights.hurting.group_gap_max": 0.12,
        "window.end": "2014-01-01",
        "champion.version": "live",
    }
