"""An Airflow DAG from dvc.yaml: one task per stage, with DVC's edges. See `pipeline_dag`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from airflow.configuration import AIRFLOW_HOME, conf
from airflow.sdk import DAG, Asset, TaskGroup
from dvc_assets import ends, name_of, requests, root_of, uri_of
from dvc_close import CloseRun
from dvc_drawing import documentation, group_ids
from dvc_form import form_of
from dvc_interval import see_that_known
from dvc_operator import DvcStage, OpenRun
from dvc_retraining import AskForTraining, or_on_request
from dvc_routing import default_runtime, routing
from dvc_schedule import Pipeline
from dvc_verdicts import verdict_of

from include.errors import PipelineError, did_you_mean
from include.pipeline.graph import Stage, see_that_free
from include.pipeline.plan import load
from include.pipeline.selection import select


def pipeline_dag(
    dag_id: str,
    *,
    repo: Path | str | None = None,
    targets: Sequence[str] = (),
    upstream: bool = True,
    downstream: bool = False,
    without: Sequence[str] = (),
    form: Mapping[str, Mapping[str, Any]] | None = None,
    interval: Mapping[str, str] | None = None,
    live: Mapping[str, str] | None = None,
    trained: Mapping[str, str] | None = None,
    on_request: bool = False,
    asks: Mapping[str, str] | None = None,
    reports: Sequence[str] = (),
    keep_failed_h: float = 24 * 7,
    **arguments: Any,
) -> DAG:
    """Draw the graph of a DVC repository as a DAG.

    Long because each of its arguments stands on a line of its own, and is handed on once.

    Args:
        repo: root of the repository; by default [leeway] repo of Airflow's configuration, else
            the folder above the DAGs.
        targets: stages to run (names, groups, outs), files of stages or folders of such files; the
            dvc.yaml at the root if none, as for `dvc repro`.
        upstream, downstream: whether to take what the targets need, and what needs them.
        without: targets that are not taken, and nor is what needs them.
        form: values that the form of a run by hand shows, by name, each with what the form should
            hold it to, as {"train.depth": {"minimum": 1}}; {} for nothing. A name is one of
            params.yaml, or FILE:name. A run may set any other as well, in its JSON. A "section"
            puts a field under that heading, which the form shows closed.
        interval: values that a scheduled run takes from its data interval, by name, as
            {"window.end": "data_interval_end"}; in the time zone of the schedule, and in the form
            of the value that they replace, as 2013-01-31 or 2013-01-31T06:00:00Z.
        live: sections of params that a run fills with the version, commit and md5 of what is live
            as it begins, by name, as {"champion": "model@champion"}; none where nothing is live.
            The form shows the version: a run by hand may take another, or none.
        trained: lists in params that a run fills with the trainings before it (run, until, and
            whether it is the live one, if `live` says what is), by name, each with DAG@VALUE, as
            {"retrained.trainings": "train@window.end"}: whose runs train, and which value says
            until when they have seen data. DAG@VALUE@FILE:METRIC@STAGE,STAGE@cost also tells the
            labels that each knew, which stages train (else any is one that does), and its cost.
        on_request: whether a run also begins when another DAG asks for a training; its values of
            `interval` that are a data_interval_end are then what it was asked for.
        asks: pipelines that runs by schedule ask for a training, by their names, each with the out
            that is the verdict, as {"train": "reports/retraining.json"}: see docs/retraining.md.
        reports: outs, or folders of outs, that are kept for reading when the run is closed, as
            ["reports", "metrics/xgboost.json"].
        keep_failed_h: hours after which the workspace of a failed run is removed.
        arguments: go to Airflow's DAG. start_date and end_date, and those of default_args, say
            when it starts runs by itself: a run by hand, by an asset or of a backfill has any date.

    Raises:
        PipelineError: the graph or a `meta` is wrong, a target, queue, report or date is
            unknown, or there is nothing to run.
        ParamsError: params.yaml has no such value.
    """
    root, home, url = places(repo)
    plan, done = load(root), ends(root, dag_id)
    parts = {"upstream": upstream, "downstream": downstream}
    chosen: dict[str, Any] = {"targets": [*targets], "without": [*without], **parts}
    stages = select(plan, **chosen)
    see_that_green_means_done(dag_id, root, stages, arguments)
    see_that_known((interval or {}).values())
    shown = form_of(plan, form or {}, interval or {}, live or {})
    with Pipeline(dag_id, params=shown, **arguments) as dag:
        opened = OpenRun(
            repo=str(root),
            home=home,
            plan_key=plan.key,
            selection=chosen,
            form=list(shown),
            interval=dict(interval or {}),
            live=dict(live or {}),
            trained=dict(trained or {}),
            url=url,
            push_untracked=conf.getboolean("leeway", "push_untracked", fallback=False),
            keep_failed_h=keep_failed_h,
        )
        kept = published(reports, plan.stages, stages)
        closed = CloseRun(repo=str(root), home=home, url=url, outlets=[done], **kept)
        in_order(stages, opened, add_stages(stages, root, home, url), closed)
        for pipeline, verdict in (asks or {}).items():
            closed >> asking(root, url, pipeline, *named([verdict], plan.stages, stages))
    if on_request:
        dag.timetable = or_on_request(dag.timetable, requests(root, dag_id))
    return dag


def asking(root: Path, url: str, pipeline: str, *verdict: str) -> AskForTraining:
    """The task that asks a pipeline to train again.

    Raises:
        PipelineError: the verdict is no single out of this DAG.
    """
    if len(verdict) != 1:
        what = f"asks names {len(verdict)} outs of this DAG as the verdict for {pipeline!r}."
        raise PipelineError(what, "name one out of a stage that is among its targets.")
    asset = requests(root, pipeline)
    return AskForTraining(
        pipeline=pipeline, asset=asset, verdict=verdict[0], repo=str(root), url=url
    )


def places(repo: Path | str | None) -> tuple[Path, str, str]:
    """The root of the repository, the folder of the workspaces, and the git server.

    Args:
        repo: the root that a DAG names.
    """
    home = conf.get("leeway", "home", fallback="") or str(Path(AIRFLOW_HOME) / "leeway")
    return root_of(repo), home, conf.get("leeway", "git_url", fallback="")


def in_order(
    stages: Sequence[Stage], opened: OpenRun, tasks: Mapping[str, DvcStage], closed: CloseRun
) -> None:
    """Let each task wait for those of the stages that it needs."""
    for stage in stages:
        before = [tasks[name] for name in stage.upstream if name in tasks]
        tasks[stage.name].set_upstream(before or opened)
    ends = [task for task in tasks.values() if not task.downstream_task_ids]
    closed.set_upstream(ends or opened)


def see_that_green_means_done(
    dag_id: str, root: Path, stages: Sequence[Stage], arguments: Mapping[str, Any]
) -> None:
    """Refuse a DAG whose runs Airflow would call a success although they did nothing, or failed.

    Raises:
        PipelineError: it has no stage, or what its runs do after a failure is skipped.
    """
    if not stages:
        what = f"The DAG {dag_id!r} has nothing to run: the graph of {root} has no stage."
        raise PipelineError(what, "add a stage to dvc.yaml, or name another folder in repo.")
    if arguments.get("fail_fast"):
        what = f"The DAG {dag_id!r} has fail_fast: Airflow skips what is left after a failure, "
        raise PipelineError(f"{what}close_run too, and calls the run a success.", "leave it out.")


def named(reports: Sequence[str], known: Sequence[Stage], chosen: Sequence[Stage]) -> list[str]:
    """The outs of the chosen stages that are reports, or lie in a folder of reports.

    Raises:
        PipelineError: no stage of the graph makes one of the reports.
    """
    found = []
    for report in reports:
        place = report.rstrip("/")
        made = [out for out in paths(known) if out == place or out.startswith(f"{place}/")]
        if not made:
            what = f"No stage makes the report {report!r}.{did_you_mean(report, paths(known))}"
            raise PipelineError(what, "name outs of dvc.yaml, or folders of outs, in reports.")
        found += [out for out in made if out in paths(chosen)]
    return found


def published(
    reports: Sequence[str], known: Sequence[Stage], chosen: Sequence[Stage]
) -> dict[str, Any]:
    """What is published of the chosen stages, and the task of each of their outs."""
    makers = {out.path: stage.task_id for stage in chosen for out in stage.outs}
    return {"reports": named(reports, known, chosen), "makers": makers}


def paths(stages: Sequence[Stage]) -> list[str]:
    """The outs of stages."""
    return [out.path for stage in stages for out in stage.outs]


def add_stages(stages: Sequence[Stage], root: Path, home: str, url: str) -> dict[str, DvcStage]:
    """One task per stage, by the stage's name, in groups of foreach, matrix and folder."""
    for stage in stages:
        see_that_free(stage)
    # The ids of tasks do not hold the group: they are the ids of the plan.
    groups = {
        group: TaskGroup(group_id, prefix_group_id=False)
        for group, group_id in group_ids(stages).items()
        if group
    }
    name, runtime = name_of(root), default_runtime()  # to ask Airflow for each stage takes longer
    tasks = {}
    for stage in stages:
        tasks[stage.name] = DvcStage(
            stage=stage.name,
            repo=str(root),
            home=home,
            url=url,
            task_id=stage.task_id,
            # Letters that an id cannot hold are shown all the same.
            task_display_name=None if stage.name.isascii() else stage.name,
            task_group=groups.get(stage.group),
            outlets=[Asset(uri_of(name, out.path)) for out in stage.outs],
            doc_md=documentation(stage),
            verdict=verdict_of(stage),
            **routing(stage, runtime),
        )
    return tasks
