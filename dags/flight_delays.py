"""
Trains, judges and packages the delay model on the flights known by then. Airflow draws this DAG
from `dvc.yaml`: to add a task, add a stage there. A stage with nothing new is done at once.

- **By hand**: *Trigger*, and change what you like in the form.
- **By schedule**: each quarter on what came before it; *Trigger*, *Backfill* replays 2013.
- **On request**: when watching finds that it is time; the run's note says why.
- **If a task fails**, its log ends with what to do next; then clear it, and the run goes on.
"""

from datetime import UTC, datetime, timedelta

from dvc_dag import pipeline_dag

flight_delays = pipeline_dag(
    "flight_delays",
    without=["score_flights"],
    form={
        "train_xgboost.max_depth": {"minimum": 1, "maximum": 16},
        "train_torch.epochs": {"minimum": 1, "maximum": 1000},
        "materialize_features.online_store": {"enum": ["sqlite", "redis"]},
        "report_drift.drift_weighted_max": {"minimum": 0, "section": "Limits of drift"},
        "report_drift.auc_min": {"minimum": 0, "section": "Limits of drift"},
        "report_drift.calibration_gap_max": {"minimum": 0, "section": "Limits of drift"},
    },
    interval={"window.end": "data_interval_end"},
    live={"champion": "flight_delays@champion"},
    on_request=True,
    reports=["reports", "metrics"],
    schedule="@quarterly",
    start_date=datetime(2013, 4, 1, tzinfo=UTC),
    end_date=datetime(2014, 1, 1, tzinfo=UTC),
    max_active_runs=1,
    default_args={"owner": "data-science", "retries": 1, "retry_delay": timedelta(seconds=30)},
    tags=["training", "flights"],
    doc_md=__doc__,
)
