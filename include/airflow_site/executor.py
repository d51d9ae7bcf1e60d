"""The executor of the embedded Airflow: tasks on this machine, and no server for their logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.executors import local_executor

if TYPE_CHECKING:
    from airflow.models.taskinstance import TaskInstance


class LocalExecutor(local_executor.LocalExecutor):
    """Airflow's own, but for its log server, which listens on all interfaces.

    It has Airflow's name, by which Airflow and `dvc_routing` know that tasks run on this machine.
    """

    serve_logs = False

    def get_task_log(self, ti: TaskInstance, try_number: int) -> tuple[list[str], list[str]]:
        """Say where the log of a task that runs is, which keeps Airflow from asking a server."""
        return ["It is read from this machine's folder of logs."], []
