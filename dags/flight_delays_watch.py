"""
Watches the live model: each month, whether it does as it should, on which flights, and what to do.
By the policy `retraining` it asks `flight_delays` to train. Airflow draws it from `dvc.yaml`.

- **By hand**: *Trigger*; the form takes another day, version or limit, for this run alone.
- **By schedule**: on the second of each month, on the month before, also where nothing is live.
- **If a task fails**, its log ends with what to do next; then clear it, and the run goes on.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import CronTriggerTimetable
from dvc_dag import pipeline_dag

flight_delays_watch = pipeline_dag(
    "flight_delays_watch",
    targets=["decide_retraining"],
    form={
        "watch_flights.hurting.auc_min": {"minimum": 0, "maximum": 1},
        "watch_flights.hurting.calibration_gap_max": {"exclusiveMinimum": 0, "maximum": 1},
        "watch_flights.hurting.group_gap_max": {"exclusiveMinimum": 0, "maximum": 1},
    },
    interval={"window.end": "data_interval_start"},
    live={"champion": "flight_delays@champion"},
    trained={
        "retrained.trainings": "flight_delays@window.end@metrics/features.json:labelled"
        "@train_xgboost,train_torch"
    },
    asks={"flight_delays": "reports/retraining.json"},
    reports=["reports/watch.json", "reports/retraining.json", "reports/retraining.html", "metrics"],
    schedule=CronTriggerTimetable("0 0 2 * *", timezone="UTC", interval=timedelta(days=1)),
    start_date=datetime(2013, 6, 1, tzinfo=UTC),
    end_date=datetime(2014, 1, 3, tzinfo=UTC),
    max_active_runs=1,
    default_args={"owner": "data-science", "retries": 1, "retry_delay": timedelta(seconds=30)},
    tags=["watching", "flights"],
    doc_md=__doc__,
)
