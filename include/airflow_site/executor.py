"""The executor of the embedded Airflow: tasks on this machine, and little of it for the scheduler.

A look of the scheduler takes 20 ms. At ten a second, which is what a chain of short tasks asks for,
that is a fifth of a processor that the stages want, and a training with as many threads as there
are processors waits for each of them. So the scheduler sleeps until a task ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from airflow.executors import local_executor

if TYPE_CHECKING:
    from airflow.models.taskinstance import TaskInstance

LOOK_S = 1.0  # what is triggered, cleared or marked while a task runs is seen after this


class LocalExecutor(local_executor.LocalExecutor):
    """Airflow's own, but that it waits, and has no log server, which listens on all interfaces.

    It has Airflow's name, by which Airflow and `dvc_routing` know that tasks run on this machine.
    """

    serve_logs = False

    def start(self) -> None:
        """Start the workers; none has a task."""
        # Airflow's own `running` is always empty. How often: a task that was answered or woken is
        # given again before the process that waited for it has been seen to end.
        self.at_work: Counter[Any] = Counter()
        super().start()

    def _process_workloads(self, workload_list: Sequence[Any]) -> None:
        """Give tasks to the workers."""
        super()._process_workloads(workload_list)  # type: ignore[no-untyped-call]
        self.at_work.update(workload.key for workload in workload_list)

    def change_state(self, key: Any, state: Any, *given: Any, **named: Any) -> None:
        """Take what has become of a task."""
        if state != "running":
            self.at_work -= Counter([key])
        super().change_state(key, state, *given, **named)

    def has_task(self, task_instance: TaskInstance) -> bool:
        """Whether a task is here, so that the end of its earlier process does not fail it."""
        known: bool = super().has_task(task_instance)
        return known or task_instance.key in self.at_work

    def sync(self) -> None:
        """Wait for a task to end, if all that there are for now run; then take what has ended."""
        if self.at_work and not self.queued_tasks:
            wait([self.result_queue._reader], LOOK_S)  # type: ignore[attr-defined] # no public one
        super().sync()

    def get_task_log(self, ti: TaskInstance, try_number: int) -> tuple[list[str], list[str]]:
        """Say where the log of a task that runs is, which keeps Airflow from asking a server."""
        return ["It is read from this machine's folder of logs."], []
