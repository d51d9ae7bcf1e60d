"""
Looks, every 15 minutes, at the runs of the assistant's pipelines and at the week that was watched
last, and tells of incidents: once when one begins, and once when it is over.

- **A run that failed**, of a DAG below, is looked into by `assistant_proposals`, if that is not
  paused: once, and anew when it was cleared and failed again.
- **Whom it tells**: the log; Airflow's `AIRFLOW__LEEWAY__ALERTS` names mail and webhooks.
- **What is open**: the note of the last run says it, and what could not be told.
- **If a task fails**, its log ends with what to do next. Nothing is lost: the next run tells.
"""

from datetime import UTC, datetime, timedelta

from dvc_alerts import alerts_dag
from dvc_proposals_failed import InvestigateFailed

assistant_alerts = alerts_dag(
    "assistant_alerts",
    pipelines={
        "assistant": {"ends_within": timedelta(hours=2), "at_least_every": timedelta(days=8)},
        "assistant_promote": {},  # at high risk it waits for a person, however long
        "assistant_proposals": {},  # as that one
        "assistant_watch": {"ends_within": timedelta(hours=2), "at_least_every": timedelta(days=8)},
    },
    watched={"assistant_watch": "include/assistant/reports/watch_assistant.json"},
    kinds=("hurts", "moved", "data", "service"),  # each alarm of docs/assistant.md is told
    start_date=datetime(2026, 1, 5, tzinfo=UTC),
    default_args={"owner": "data-science", "retries": 1, "retry_delay": timedelta(seconds=30)},
    tags=["alerts", "assistant"],
    doc_md=__doc__,
)

with assistant_alerts:
    # Beside the alerts: who fails is never closed, and so begins nothing by its end.
    InvestigateFailed(
        proposals="assistant_proposals",
        dag_ids=["flight_delays", "flight_delays_watch", "assistant", "assistant_watch"],
    )
