"""What the last task of a run leaves for lists of reports."""

from collections.abc import Callable, Mapping
from pathlib import Path

from airflow.sdk import Context
from dvc_runs import counted


def keep_card(
    context: Context, home: Path, known: Mapping[str, object], log: Callable[..., None]
) -> None:
    """Let lists find the reports of this run, and none of runs of its DAG that were deleted."""
    from include.pipeline.closing.card import remove_deleted, write_card

    dag_id, run_id = context["dag"].dag_id, context["run_id"]
    write_card(home, (dag_id, run_id), **known)
    for gone in remove_deleted(home, dag_id, counted(context)):
        log("removed the reports of %s, which was deleted", gone)
