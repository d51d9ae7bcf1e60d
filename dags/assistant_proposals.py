"""
Looks into runs that tell of trouble: the investigator writes a note, and each thing that it
proposes waits for a person in Airflow's *Required Actions*. Nothing is done without one.

- **By itself**, once it is not paused: when a run of one of the DAGs below is closed; and when one
  has failed, which `assistant_alerts` sees.
- **By hand**: *Trigger*, with the name of a run, as `flight_delays_watch.manual__2026-01-05`, or
  with a note that somebody has as JSON.
- **What may be done** about which DAG stands below; anything else is refused, and the note says so.
- **If a task fails**, its log ends with what to do next; then clear it, and the run goes on.
"""

from datetime import UTC, datetime, timedelta

from dvc_proposals import proposals_dag

COMMAND = (
    "python -m include.assistant.investigate --run {run} {failed} "
    "--home {home} --logs {logs} --note {note}"
)
FLIGHTS = {"roll_back": "flight_delays_rollback", "artifact": "flight_delays"}
ASSISTANT = {"roll_back": "assistant_rollback", "artifact": "include/assistant:assistant"}

assistant_proposals = proposals_dag(
    "assistant_proposals",
    about={
        "flight_delays": FLIGHTS,
        "flight_delays_watch": {"retrain": "flight_delays", **FLIGHTS},
        "assistant": ASSISTANT,
        "assistant_watch": {"retrain": "assistant", **ASSISTANT},
    },
    investigate=COMMAND.split(),
    start_date=datetime(2026, 1, 5, tzinfo=UTC),
    default_args={"owner": "data-science", "retries": 1, "retry_delay": timedelta(seconds=30)},
    tags=["incidents", "assistant"],
    doc_md=__doc__,
)
