"""
Scores the flights of the last month with the live model: each day those of the days before it.
Airflow draws this DAG from `dvc.yaml`, as far as scoring needs it. A month that is scored already
is not scored again, unless its flights or the live model changed.

- **By hand**: *Trigger*; the form takes another day, or another version than the live one.
- **By schedule**: each day on what came before it; *Trigger*, *Backfill* replays December 2013.
- **Nothing is live**: the run is a success without scores, and `metrics/scores.json` says so.
- **If a task fails**, its log ends with what to do next; then clear it, and the run goes on.
"""

from datetime import UTC, datetime, timedelta

from dvc_dag import pipeline_dag

flight_delays_score = pipeline_dag(
    "flight_delays_score",
    targets=["score_flights"],
    form={"score_flights.months": {"minimum": 1, "maximum": 12}},
    interval={"window.end": "data_interval_end"},
    live={"champion": "flight_delays@champion"},
    reports=["metrics/scores.json"],
    schedule="@daily",
    start_date=datetime(2013, 12, 1, tzinfo=UTC),
    end_date=datetime(2014, 1, 1, tzinfo=UTC),
    max_active_runs=1,
    default_args={"owner": "data-science", "retries": 1, "retry_delay": timedelta(seconds=30)},
    tags=["scoring", "flights"],
    doc_md=__doc__,
)
