"""The task that has runs looked into which failed, and so were never closed."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, Context
from dvc_alerts_runs import runs_of
from dvc_notes import login

from include.errors import PipelineError
from include.pipeline.names import run_name

if TYPE_CHECKING:
    from include.airflow_site.api import AirflowApi
    from include.alerts.looking import RunSeen

FAILED, CLOSED = "failed__", "closed__"
LONGEST = 250  # letters of a run's id, by Airflow's own limit


class InvestigateFailed(BaseOperator):
    """Trigger the DAG of proposals with each run that failed last in its DAG, once."""

    ui_color = "#f6efe3"

    def __init__(self, *, proposals: str, dag_ids: Sequence[str], **arguments: Any) -> None:
        super().__init__(task_id="investigate_failed", doc_md=type(self).__doc__, **arguments)
        self.proposals, self.dag_ids = proposals, list(dag_ids)

    def execute(self, context: Context) -> list[str]:
        """Return the runs that are looked into now.

        Raises:
            PipelineError: Airflow does not say, or refuses.
        """
        api = login()
        if api is None:
            self.log.info("Without the connection leeway_api, no run that failed is seen.")
            return []
        doer = api.dag(self.proposals)
        if doer is None or doer["is_paused"]:
            self.log.info("%s is paused: no run that failed is looked into.", self.proposals)
            return []
        begun = []
        for dag_id in self.dag_ids:
            run = failed_last(runs_of(api, dag_id))
            name = run_name(dag_id, run.run_id) if run else ""
            if run and look_into(api, self.proposals, name, FAILED, run.ended):
                begun.append(name)
        self.log.info("looked into: %s", ", ".join(begun) or "-")
        return begun


def failed_last(runs: Sequence["RunSeen"]) -> "RunSeen | None":
    """The run that ended last, if it failed: one that was good since has made up for it."""
    ended = [(run.ended, run) for run in runs if run.state in ("success", "failed") and run.ended]
    last = max(ended, key=lambda pair: pair[0])[1] if ended else None
    return last if last and last.state == "failed" else None


def look_into(
    api: "AirflowApi", proposals: str, run: str, why: str, ended: datetime | None
) -> bool:
    """Have a run looked into; not again, unless it was cleared and ended anew.

    Args:
        why: what the id of the run that looks into it begins with.

    Raises:
        PipelineError: Airflow refused for another reason.
    """
    at = f"{ended:%Y%m%dT%H%M%S}" if ended else ""
    run_id = f"{why}{re.sub(r'[^A-Za-z0-9_.~:+-]', '-', run)}-{at}"[:LONGEST]
    body = {
        "dag_run_id": run_id,
        "logical_date": None,
        "conf": {"run": run},
    }
    try:
        api.call("POST", f"/dags/{proposals}/dagRuns", body)
    except PipelineError as error:
        if "with 409" not in error.what:  # of the id that this run of it has had already
            raise
        return False
    return True
