"""
Takes the last promotion back: the version before is live again, within seconds.

- **By hand**: Airflow's *Trigger*, with the reason. The note of the run names both versions.
- **If a task fails**, nothing was changed, and its log ends with what to do next.
"""

from datetime import UTC, datetime, timedelta

from dvc_promotion import rollback_dag

flight_delays_rollback = rollback_dag(
    "flight_delays_rollback",
    artifact="flight_delays",
    start_date=datetime(2013, 6, 1, tzinfo=UTC),
    default_args={"owner": "data-science", "retries": 1, "retry_delay": timedelta(seconds=5)},
    tags=["registry", "flights"],
    doc_md=__doc__,
)
