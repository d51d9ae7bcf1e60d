"""What the last task of a run leaves for lists of reports."""

from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import Context
from dvc_runs import counted

from include.pipeline.graph import OPEN

if TYPE_CHECKING:
    from dvc_close import CloseRun


def keep_card(context: Context, task: "CloseRun", experiment: str) -> None:
    """Let lists find the reports of this run, and none of runs of its DAG that were deleted."""
    from include.pipeline.closing.card import remove_deleted, write_card

    dag_id, home = task.dag_id, Path(task.home)
    window = getattr(task.dag.get_task(OPEN), "window", None)
    write_card(
        home,
        (dag_id, context["run_id"]),
        repo=task.repo,
        experiment=experiment,
        makers=task.makers,
        window=window(context) if window else "",
    )
    for gone in remove_deleted(home, dag_id, counted(context)):
        task.log.info("removed the reports of %s, which was deleted", gone)
