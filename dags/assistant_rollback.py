"""
Takes the last promotion of the assistant back: the version before is live again, within seconds.

- **By hand**: Airflow's *Trigger*, with the reason. The note of the run names both versions.
- **If a task fails**, nothing was changed, and its log ends with what to do next.
"""

from datetime import UTC, datetime, timedelta

from dvc_promotion import rollback_dag

assistant_rollback = rollback_dag(
    "assistant_rollback",
    artifact="include/assistant:assistant",
    start_date=datetime(2026, 1, 5, tzinfo=UTC),
    default_args={"owner": "data-science", "retries": 1, "retry_delay": timedelta(seconds=5)},
    tags=["registry", "assistant"],
    doc_md=__doc__,
)
