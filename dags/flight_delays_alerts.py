"""
Looks, every 15 minutes, at the runs of the pipelines and at the window that was watched last, and
tells of incidents: once when one begins, and once when it is over.

- **Whom it tells**: the log; `AIRFLOW__LEEWAY__ALERTS` names mail and webhooks: see docs/alerts.md.
- **What is open**: the note of the last run says it, and what could not be told.
- **If a task fails**, its log ends with what to do next. Nothing is lost: Airflow's next run tells.
- **A window that nobody watched** is told where `at_least_every` says when one is due. It is off
  here: the schedule is of 2013, so that no run is ever due today.
"""

from datetime import UTC, datetime, timedelta

from dvc_alerts import alerts_dag

flight_delays_alerts = alerts_dag(
    "flight_delays_alerts",
    pipelines={
        "flight_delays": {"ends_within": timedelta(hours=6)},
        "flight_delays_promote": {},  # at high risk it waits for a person, however long
        "flight_delays_score": {"ends_within": timedelta(hours=2)},
        # With a schedule of today, add "at_least_every": timedelta(days=32).
        "flight_delays_watch": {"ends_within": timedelta(hours=2)},
    },
    watched={"flight_delays_watch": "reports/watch.json"},
    start_date=datetime(2013, 6, 1, tzinfo=UTC),
    default_args={"owner": "data-science", "retries": 1, "retry_delay": timedelta(seconds=30)},
    tags=["alerts", "flights"],
    doc_md=__doc__,
)
