"""
Lets the model of a run go live, if it passed the gates of `promotion` in `params.yaml`. A refusal
is a green run, whose note says why.

- **By itself**, once it is not paused: when a run of the schedule of `flight_delays` has ended.
  At `risk: high` it waits for a person, who approves in Airflow's *Required Actions*.
- **By hand**: *Trigger*, with the name of an experiment; also of a run by hand or of a backfill.
- **If a task fails**, its log ends with what to do next; then clear it, and the run goes on.
"""

from datetime import UTC, datetime, timedelta

from dvc_promotion import promotion_dag

flight_delays_promote = promotion_dag(
    "flight_delays_promote",
    pipeline="flight_delays",
    artifact="flight_delays",
    rules=["promotion", "label", "splits", "evaluate_models", "report_drift"],
    start_date=datetime(2013, 6, 1, tzinfo=UTC),
    default_args={"owner": "data-science", "retries": 1, "retry_delay": timedelta(seconds=30)},
    tags=["registry", "flights"],
    doc_md=__doc__,
)
