"""What stages came to, in the notes of their tasks and of the run: `meta.verdict` of dvc.yaml."""

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from airflow.sdk import Context
from dvc_costs import kept_savings
from dvc_notes import put_first, tell
from dvc_runs import OfRun

from include.errors import PipelineError, did_you_mean
from include.pipeline.graph import Stage

if TYPE_CHECKING:
    from include.pipeline.workspace import Run


def verdict_of(stage: Stage) -> str:
    """The out whose sentence is told in notes; empty if the stage names none.

    Raises:
        PipelineError: it names what is no out of it.
    """
    if stage.meta.verdict is None:
        return ""
    path = (PurePosixPath(stage.wdir) / stage.meta.verdict).as_posix()
    outs = [out.path for out in stage.outs]
    if path not in outs:
        what = f"Stage {stage.name!r} in {stage.file} sets meta.verdict to {stage.meta.verdict!r}, "
        fix = "name an out of the stage, as it stands in dvc.yaml."
        raise PipelineError(f"{what}which it does not make.{did_you_mean(path, outs)}", fix)
    return path


def tell_verdicts(context: Context, run: "Run") -> None:
    """Put what stages came to first in the note of the run, and on tasks that had nothing to do."""
    from include.pipeline.closing.verdicts import verdicts
    from include.pipeline.reproduce import UNCHANGED

    stages = [task for task in context["dag"].tasks if isinstance(task, OfRun) and task.verdict]
    found = verdicts(run, {t.task_id: t.verdict for t in stages if t.stage in run.stages})
    put_first(context, " ".join(f"{name}: {said}" for name, said in found.items()))
    saves = kept_savings(run)
    idle = {t.task_id: saves.get(t.stage, "") for t in stages if t.stage in run.unchanged}
    cached = {name: f"{found[name]}{saved}" for name, saved in idle.items() if name in found}
    tell(context, {name: f"cached: {UNCHANGED}; {said}" for name, said in cached.items()})
