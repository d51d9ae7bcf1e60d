"""Close a run: one DVC experiment, its data in the remote, its workspace gone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from include.errors import PipelineError, at_most_ten
from include.pipeline import apart, memory
from include.pipeline.closing.experiment import base_of, ref, refs_of, save
from include.pipeline.closing.experiment import publish as publish_experiment
from include.pipeline.closing.recording import record_of
from include.pipeline.closing.reports import publish
from include.pipeline.cost_of_run import charging
from include.pipeline.git.command import git, parts
from include.pipeline.graph import CLOSE
from include.pipeline.lockfile import put_in_order
from include.pipeline.names import run_name
from include.pipeline.orders import Finish, Push, Sound, Told
from include.pipeline.reproduce import Log, asked
from include.pipeline.workspace import (
    Run,
    again,
    began_of,
    contained,
    discard,
    good_of,
    place_of,
    read_made,
    remove,
)


def close_run(run: Run, home: Path, reports: Sequence[str] = (), log: Log = print) -> str:
    """Publish reports, save the run as an experiment of its repository, remove its workspace.

    May be called again after it was killed: what is done already is not done twice.

    Args:
        reports: outs that are kept for reading.
        log: gets a line for each of them.

    Returns:
        The name of the experiment, as `dvc exp show` lists it.

    Raises:
        PipelineError: a stage of the run has no result, or a report is none of its files.
    """
    if not run.folder.exists() and refs_of(run.repo, run.name):
        discard(run)
        return run.name
    made = {stage: held for stage in run.stages if (held := read_made(run, stage)) is not None}
    with charging(CLOSE) as charged:
        paths, good, told = finished(run, made, log)
        for path in publish(run, home, reports):
            log(f"report: {path}")
        put_in_order(run.folder, run.commit, run.order)
        charged.append(run)
    record = record_of(run, told, log)
    save(run, run.name, paths, record)
    if run.url:
        publish_experiment(run, ref(base_of(run), run.name))
        apart.withdraw(run)
    elif run.remote:
        asked(run, Sound([], run.stages))  # what a step damaged in the cache must not go to others
        asked(run, Push(run.stages))
    remember(run, home, {stage: made[stage] for stage in good}, record.params)
    discard(run)
    return run.name


def closed_before(repo: Path, home: Path, dag_id: str, run_id: str) -> str:
    """The experiment of a run that was closed by a try before this one; empty if it was not."""
    top, name = place_of(home, dag_id, run_id), run_name(dag_id, run_id)
    remove(top.with_name(f".{top.name}.gone"))
    return name if not top.exists() and refs_of(repo, name) else ""


def finished(
    run: Run, made: dict[str, dict[str, Any]], log: Log
) -> tuple[list[str], list[str], Told]:
    """The files that the experiment holds beside what git tracks; all stages have ended well.

    And the stages of those that were made whose results later runs may take for theirs; and what
    the record of the run says of its stages.

    Raises:
        PipelineError: one has not, or what it was made from was made anew since.
    """
    idle = [stage for stage in run.unchanged if not again(run, stage).exists()]
    if idle == list(run.stages):
        return list(run.kept), list(made), TypeAdapter(Told).validate_python(run.told)
    began = str(began_of(run.top)) if contained(run).exists() else ""
    found = asked(run, Finish(run.stages, idle, made, began))
    if found.stale:
        what = f"{len(found.stale)} stages of the run have no good result: "
        what += f"{at_most_ten(found.stale)}."
        raise PipelineError(what, "clear the tasks of these stages, then this one.")
    if found.wrong:
        stages = at_most_ten(found.wrong)
        log(f"a step wrote into the lockfile of {stages}: it says again what the stages made")
    new = ("ls-files", "-z", "--others", "--exclude-standard", "--", *found.read)
    paths = [*found.files, *(parts(run.folder, *new) if found.read else [])]
    return paths, found.good, found.told


def remember(run: Run, home: Path, made: dict[str, dict[str, Any]], values: dict[str, Any]) -> None:
    """Let later runs find what the stages of this one made, and nothing that it began with."""
    folder = good_of(home, run.repo)
    commit = git(run.repo, "rev-parse", ref(base_of(run), run.name))
    age = float(git(run.repo, "show", "-s", "--format=%ct", run.commit)), run.opened
    for stage, held in made.items():
        if held["entry"] and held["new"]:
            memory.remember(folder, stage, memory.Memory(held["entry"], commit, age, values))
    if run.url:
        apart.share_memory(run, folder)
