"""What each task needs, imported once in the scheduler: its workers are forks of it."""

import importlib
import sys

NEEDED = (
    "airflow.dag_processing.dagbag",
    "airflow.sdk.execution_time.task_runner",
    "dvc.repo.reproduce",
    "dvc.repo.checkout",
    "dvc.repo.index",
    "dvc.dvcfile",
    "dvc.rwlock",
    "dvc.scm",
    "dvc.stage.run",
    "dvc_data.index",
    "networkx",
    "include.pipeline.child",
    "include.pipeline.experiment",
    "include.pipeline.reproduce",
    "include.pipeline.workspace",
)


def once() -> None:
    """Import what tasks need, if this process is the scheduler."""
    if sys.argv[1:2] == ["scheduler"]:
        for name in NEEDED:
            importlib.import_module(name)
