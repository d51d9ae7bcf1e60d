"""The DAG is dvc.yaml and nothing else."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.exceptions import ParamValidationError

ROOT = Path(__file__).parents[2]
LIMITS = {
    "report_drift.drift_weighted_max": 0.5,
    "report_drift.auc_min": 0.68,
    "report_drift.calibration_gap_max": 0.05,
}
FILES = sorted((ROOT / "dags").glob("*.py"))


@pytest.fixture(scope="module")
def dag():
    """As the embedded Airflow reads it: GPU stages of one machine wait in a pool."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__LEEWAY__REPO", str(ROOT))
        patch.setenv("AIRFLOW__LEEWAY__QUEUES", "gpu")
        patch.setenv("AIRFLOW__LEEWAY__POOLS", "gpu")
        from flight_delays import flight_delays
    return flight_delays


def test_one_task_per_stage_and_one_edge_per_shared_file(dag):
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {
        "open_run": {"ingest_flights", "fetch_champion"},
        "fetch_champion": {"judge_promotion"},
        "ingest_flights": {"validate_flights"},
        "validate_flights": {"build_features", "package_bento"},
        "build_features": {
            "train_xgboost",
            "train_torch",
            "evaluate_models",
            "package_bento",
            "report_drift",
            "judge_promotion",
            "materialize_features",
        },
        "train_xgboost": {"evaluate_models", "package_bento", "report_drift", "judge_promotion"},
        "train_torch": {"evaluate_models", "package_bento", "report_drift", "judge_promotion"},
        "evaluate_models": {"package_bento", "report_drift", "judge_promotion"},
        "package_bento": {"judge_promotion"},
        "report_drift": {"judge_promotion"},
        "judge_promotion": {"close_run"},
        "materialize_features": {"close_run"},
        "close_run": set(),
    }


def test_the_gpu_stage_alone_goes_to_the_gpu_workers(dag):
    places = {task.task_id: (task.queue, task.pool) for task in dag.tasks}
    assert places.pop("train_torch") == ("gpu", "gpu")
    assert set(places.values()) == {("default", "default_pool")}


def test_a_run_a_quarter_from_april_2013_takes_its_window_from_its_interval(dag):
    assert (dag.timetable.timetable.expression, dag.catchup) == ("0 0 1 */3 *", False)
    assert (dag.start_date, dag.end_date) == (
        datetime(2013, 4, 1, tzinfo=UTC),
        datetime(2014, 1, 1, tzinfo=UTC),
    )
    assert dag.get_task("open_run").interval == {"window.end": "data_interval_end"}


def test_a_run_begins_also_when_it_is_asked_for(dag):
    [asset] = dag.timetable.asset_condition.objects
    assert asset.uri == f"dvc-requests://{ROOT.name}/flight_delays"


def test_a_run_takes_the_live_champion(dag):
    assert dag.get_task("open_run").live == {"champion": "flight_delays@champion"}


def test_a_run_by_hand_may_change_the_window_the_size_of_the_models_and_the_store(dag):
    assert dict(dag.params) == {
        "train_xgboost.max_depth": 6,
        "train_torch.epochs": 6,
        "materialize_features.online_store": "sqlite",
        "window.end": "2014-01-01",
        **LIMITS,
        "champion.version": "live",
    }


def test_limits_of_drift_can_be_set_for_one_run_in_a_section_of_the_form(dag):
    fields = {name: dag.params.get_param(name) for name in LIMITS}
    assert {field.schema["section"] for field in fields.values()} == {"Limits of drift"}
    assert all(field.description for field in fields.values())
    with pytest.raises(ParamValidationError):
        fields["report_drift.auc_min"].resolve(-0.1)


@pytest.fixture(scope="module")
def bag():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__LEEWAY__REPO", str(ROOT))
        return DagBag(ROOT / "dags", safe_mode=True)


def test_each_file_yields_its_dag(bag):
    assert bag.import_errors == {}
    assert {Path(dag.fileloc).stem: dag_id for dag_id, dag in bag.dags.items()} == {
        file.stem: file.stem for file in FILES
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_file_is_short_and_says_what_a_user_must_know(bag, file):
    assert len(file.read_text().splitlines()) <= 38
    dag = bag.dags[file.stem]
    assert dag.doc_md and f'"""{dag.doc_md}"""' in file.read_text()
    assert "If a task fails" in dag.doc_md
    assert dag.start_date.tzinfo is not None and dag.start_date < datetime.now(UTC)
    assert dag.catchup is False
    assert dag.tags and dag.owner not in ("", "airflow")
    assert all(task.retries >= 1 for task in dag.tasks)
