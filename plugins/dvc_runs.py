"""The run that a task belongs to, as Airflow and the workspace of the run have it."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowRuntimeError

from include.errors import PipelineError, at_most_ten

if TYPE_CHECKING:
    from include.pipeline.workspace import Run


def beside(run: "Run") -> str:
    """What the note of a run says of files that nobody committed."""
    taken = f" Files of it that nobody committed: {at_most_ten(run.taken)}." if run.taken else ""
    left = f" Not taken: {at_most_ten(f'{p} ({why})' for p, why in run.left.items())}."
    return taken + (left if run.left else "")


def see_that_scheduled(context: Context, task_ids: Sequence[str]) -> None:
    """Refuse a run that Airflow scheduled from an older reading of the graph.

    Raises:
        PipelineError: a task of the graph as it is now is not in the run.
    """
    run_id = context["run_id"]
    held = context["ti"].get_task_states(dag_id=context["dag"].dag_id, run_ids=[run_id])
    missing = [name for name in task_ids if name not in held.get(run_id, {})]
    if missing:
        what = f"The graph has changed since this run was made: it lacks {at_most_ten(missing)}."
        raise PipelineError(what, "trigger a new run.")


class OfRun(BaseOperator):
    """A task of a run; one of a stage has its name."""

    repo: str
    home: str
    url: str
    stage: str = ""
    verdict: str = ""  # the out of a stage whose sentence is told


def before(task: OfRun) -> dict[str, str]:
    """The stages before a task, by their task ids."""
    tasks = task.get_flat_relatives(upstream=True)
    stages = (found for found in tasks if isinstance(found, OfRun) and found.stage)
    return {found.task_id: found.stage for found in stages}


def run_here(context: Context, task: OfRun) -> "Run":
    """The run, as `open_run` left it; where workers share no disk, as this one has it.

    What is obeyed of it comes from where only workers write: its workspace, or the git server. XCom
    tells what became of stages on other workers, and nothing that a worker would carry out.

    Raises:
        PipelineError: somebody had `open_run` skipped, or marked it as done, or the run is closed.
    """
    from include.pipeline import apart
    from include.pipeline.workspace import find

    dag_id, run_id = task.dag_id, context["run_id"]
    if not task.url:
        return find(Path(task.repo), Path(task.home), dag_id, run_id)
    stages = before(task)
    results = {name: context["ti"].xcom_pull(task_ids=name) for name in stages}
    told = {stages[name]: held["made"] for name, held in results.items() if held}
    place = apart.Place(task.url, Path(task.repo), Path(task.home), dag_id, run_id)
    return apart.here(place, told, live(context))


def live(context: Context) -> Callable[["Run"], bool]:
    """Whether a run is waiting or at work, by Airflow's own word; where it is silent, it may be."""

    def lives(run: "Run") -> bool:
        waits = ["queued", "running"]
        try:
            return context["ti"].get_dr_count(run.dag_id, run_ids=[run.id], states=waits) > 0
        except AirflowRuntimeError:
            return True

    return lives


def counted(context: Context) -> Callable[[Sequence[str]], int]:
    """How many of some runs of this DAG Airflow has; all of them where it is silent."""

    def count(run_ids: Sequence[str]) -> int:
        try:
            return int(context["ti"].get_dr_count(context["dag"].dag_id, run_ids=[*run_ids]))
        except AirflowRuntimeError:
            return len(run_ids)

    return count


def drawn(tasks: Iterable[object]) -> dict[str, set[str]]:
    """The stages of a DAG, and those that each waits for, directly or not."""
    stages = [task for task in tasks if isinstance(task, OfRun) and task.stage]
    return {task.stage: set(before(task).values()) for task in stages}
