"""
Watches the assistant: each week, what it was asked, what it refused, whether citations held, how
quick and how dear it was, and whether its documents have gone stale. Airflow draws this DAG from
`include/assistant/dvc.yaml`, as far as watching needs it.

- **By hand**: *Trigger*; the form takes another day, log or limit, for this run alone.
- **By schedule**: on Mondays, on the weeks before.
- **Without a log** it is green, and says so: `watch_assistant.log.location` names one.
- **If a task fails**, its log ends with what to do next; then clear it, and the run goes on.
"""

from datetime import UTC, datetime, timedelta

from dvc_dag import pipeline_dag

OF = "include/assistant"
PARAMS = f"{OF}/params.yaml"

assistant_watch = pipeline_dag(
    "assistant_watch",
    targets=[f"{OF}/dvc.yaml:watch_assistant"],
    form={
        f"{PARAMS}:watch_assistant.log.location": {},
        f"{PARAMS}:watch_assistant.limits.refused_share_max": {"minimum": 0, "maximum": 1},
    },
    interval={f"{PARAMS}:watch_assistant.end": "data_interval_end"},
    reports=[f"{OF}/reports", f"{OF}/metrics"],
    schedule="0 1 * * 1",
    start_date=datetime(2026, 1, 5, tzinfo=UTC),
    max_active_runs=1,
    default_args={"owner": "data-science", "retries": 1, "retry_delay": timedelta(seconds=30)},
    tags=["watching", "assistant"],
    doc_md=__doc__,
)
