"""Two kinds of task of a pipeline: open the run, and bring a stage up to date.

What they do is in include/pipeline; here it meets Airflow. Nothing heavy is imported before a task
runs: the scheduler reads this file often.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import ParamValidationError
from dvc_costs import savings, told_cost
from dvc_form import parted
from dvc_interval import date_of, has_interval, like
from dvc_notes import describe, tell
from dvc_retraining import dates_of, request_of
from dvc_runs import OfRun, beside, drawn, live, run_here, see_that_scheduled

from include.errors import ParamsError, masked
from include.pipeline.graph import OPEN


class OpenRun(BaseOperator):
    """Make the workspace of the run, with its parameters, and decide what has nothing to do."""

    ui_color = "#e8eef7"

    def __init__(
        self,
        *,
        repo: str,
        home: str,
        plan_key: str,
        selection: Mapping[str, Any],
        form: Sequence[str],
        interval: Mapping[str, str],
        live: Mapping[str, str],
        trained: Mapping[str, str],
        url: str,
        push_untracked: bool,
        keep_failed_h: float,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id=OPEN, doc_md=OpenRun.__doc__, **arguments)
        self.repo, self.home, self.plan_key, self.url = repo, home, plan_key, url
        self.selection, self.form, self.interval = dict(selection), list(form), dict(interval)
        self.live, self.trained = dict(live), dict(trained)
        self.push_untracked, self.keep_failed_h = push_untracked, keep_failed_h

    def execute(self, context: Context) -> dict[str, Any]:
        """Return what the run is made of, for people to read."""
        from include.pipeline.opening.open_run import open_run
        from include.pipeline.reproduce import ABSENT, UNCHANGED
        from include.pipeline.workspace import discard_old

        tasks = {t.stage: t.task_id for t in context["dag"].tasks if isinstance(t, DvcStage)}
        see_that_scheduled(context, list(tasks.values()))
        home, values = Path(self.home), self.with_live(context, self.values(context))
        for name in discard_old(home, self.keep_failed_h, live(context)):
            self.log.info("removed the workspace of %s, which failed so long ago", name)
        run = open_run(
            Path(self.repo),
            context["run_id"],
            params=values,
            plan_key=self.plan_key,
            home=home,
            url=self.url,
            dag_id=self.dag_id,
            drawn=drawn(context["dag"].tasks),
            whole=self.form,
            held=self.tame(context, values),
            push_untracked=self.push_untracked,
            **self.selection,
        )
        kind = "a snapshot of the working tree, on no branch" if run.snapshot else "committed"
        commit = f"commit {run.commit[:10]}, {kind}"
        idle = f"{len(run.unchanged)} of {len(run.stages)} stages have nothing to do"
        self.log.info("%s; workspace %s", commit, run.folder)
        self.log.info("%s: %s", idle, ", ".join(run.unchanged) or "-")
        asked = f"{request.note} " if (request := request_of(context)) else ""
        describe(context, f"{asked}From {commit}; {idle}.{beside(run)}")
        saved = savings(run)
        nothing = {tasks[s]: f"cached: {UNCHANGED}{saved.get(s, '')}" for s in run.unchanged}
        nothing |= {tasks[stage]: f"left out: {ABSENT}" for stage in tasks.keys() - run.stages}
        tell(context, nothing, state="success")
        tell(context, {self.task_id: f"{commit}; {idle}"})
        return {"name": run.name, "commit": run.commit, "unchanged": list(run.unchanged)}

    def values(self, context: Context) -> dict[str, object]:
        """The run's parameters: the form's, what else it was given, and dates of its interval."""
        found = self.given(context)
        for name, value in found.items():
            self.log.info("%s = %s", name, masked(str(value)))
        return found

    def window(self, context: Context) -> str:
        """The last date that the run has of its interval, or that it was given in its place."""
        found = self.given(context)
        dates = [str(found[name]) for name in self.interval if name in found]
        return max(dates, default="")

    def given(self, context: Context) -> dict[str, object]:
        """The run's parameters, as `values` has them."""
        held: Any = context["params"]
        found = {name: held[name] for name in self.form}
        for name, value in parted(context["dag_run"].conf or {}, self.form).items():
            # What a section gives to a field of the form is held to the form as well.
            found[name] = self.held(name, value) if name in found else value
        if has_interval(context):
            for name, date in self.interval.items():
                found[name] = date_of(context, date, self.dag, held.get(name))
        elif request := request_of(context):
            self.log.info("%s", request.note)
            for name, end in dates_of(request, self.interval, self.dag):
                found[name] = like(end, held.get(name))
        return found

    def with_live(self, context: Context, values: dict[str, object]) -> dict[str, object]:
        """The values, with what is live and was trained as the run begins, or that it names."""
        from include.pipeline.apart import Place
        from include.pipeline.opening.live import with_live
        from include.pipeline.opening.trained import with_trained

        run = (self.dag_id, context["run_id"])
        place = Place(self.url, Path(self.repo).resolve(), Path(self.home), *run)
        found = with_live(place, values, self.live, self.log.info) if self.live else values
        return with_trained(place, found, self.trained, self.log.info, self.live)

    def tame(self, context: Context, values: Mapping[str, object]) -> list[str]:
        """The values that the form, or the schedule, holds to something."""
        from include.pipeline.opening.trained import is_given
        from include.pipeline.values import is_held

        params = self.dag.params
        held = [n for n in self.form if is_held(params.get_param(n).schema, values[n])]
        taken = [n for n in values if n.rpartition(".")[0] in self.live]  # by the registry
        given = parted(context["dag_run"].conf or {}, self.form)
        taken += [n for n in self.trained if not is_given(n, given)]  # by the history
        dated = has_interval(context) or request_of(context)
        return [*held, *taken, *(self.interval if dated else ())]

    def held(self, name: str, value: object) -> object:
        """A value of a field of the form.

        Raises:
            ParamsError: the form would not take it.
        """
        try:
            return self.dag.params.get_param(name).resolve(value)
        except ParamValidationError as error:
            problem = str(error).strip().splitlines()[0]
            what = f"The run sets {name} to {value!r}: {problem}."
            raise ParamsError(what, "trigger a new run with another value.") from None


class DvcStage(OfRun):
    """Bring one stage of dvc.yaml up to date, in the workspace of the run."""

    ui_color = "#e9f5ec"

    def __init__(
        self,
        *,
        stage: str,
        repo: str,
        home: str,
        url: str = "",
        where: Mapping[str, Any] | None = None,
        memory_gb: float | None = None,
        verdict: str = "",
        **arguments: Any,
    ) -> None:
        super().__init__(**arguments)
        self.stage, self.repo, self.home, self.url, self.where = stage, repo, home, url, where
        self.memory_gb = memory_gb  # that the stage declares
        self.verdict = verdict  # the out whose sentence is told

    def execute(self, context: Context) -> dict[str, Any]:
        """Return what happened: status (cached or ran), why, seconds, and what its step took."""
        from include.pipeline.apart import told
        from include.pipeline.closing.verdicts import verdict
        from include.pipeline.places.where import Where
        from include.pipeline.reproduce import beyond, reproduce

        run = run_here(context, self)
        outcome = reproduce(
            run,
            self.stage,
            where=Where.from_json(dict(self.where)) if self.where else None,
            labels={"dag": self.dag_id, "try": str(context["ti"].try_number)},
            log=self.log.info,
        )
        for reason in outcome.why:
            self.log.info("%s: %s", outcome.status, reason)
        said = [*outcome.why, *filter(None, [self.verdict and verdict(run, self.verdict)])]
        said += told_cost(run, self, outcome)
        if more := beyond(outcome.usage, self.memory_gb):
            self.log.warning("%s", more)
            said.append(more)
        tell(context, {self.task_id: f"{outcome.status}: {'; '.join(said)}"})
        found = {"status": outcome.status, "why": list(outcome.why), "seconds": outcome.seconds}
        found |= asdict(outcome.usage) if outcome.usage else {}
        return found | ({"made": told(run, self.stage)} if run.url else {})

    def on_kill(self) -> None:
        """End the step and all that it started: the task was marked, cleared, or timed out."""
        from include.pipeline.places.process import end_all

        end_all()
