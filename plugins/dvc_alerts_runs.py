"""The runs that alerts look at, as Airflow has them."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from include.airflow_site.api import AirflowApi
    from include.alerts.looking import RunSeen

LAST = 50  # runs of a DAG that are looked at


def vars_of(run: Any) -> dict[str, object]:
    """What a run of Airflow's own is called, by the names of its API."""
    return {
        "dag_id": getattr(run, "dag_id", ""),
        "dag_run_id": getattr(run, "run_id", ""),
    }


def runs_of(api: "AirflowApi", dag_id: str) -> list["RunSeen"]:
    """The last runs of a DAG."""
    from include.alerts.looking import RunSeen

    held = api.call("GET", f"/dags/{dag_id}/dagRuns?order_by=-run_after&limit={LAST}")
    return [
        RunSeen(
            str(run["dag_run_id"]),
            str(run["state"]),
            moment(run["queued_at"] or run["start_date"]),
            moment(run["end_date"]),
        )
        for run in held["dag_runs"]
    ]


def moment(text: str | None) -> datetime | None:
    """A time of Airflow's."""
    return datetime.fromisoformat(text) if text else None
