"""Alerts of pipelines: a DAG that looks at runs and at what was watched, and a notifier.

It looks at what is, and not at what was told: an alarm that nobody saw come is seen all the same,
also when a worker or the scheduler was gone, and so is its end.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.configuration import conf
from airflow.sdk import DAG, BaseNotifier, BaseOperator, Context
from dvc_alerts_channels import channels, incidents, names
from dvc_alerts_runs import runs_of, vars_of
from dvc_assets import root_of
from dvc_interval import began_by_itself
from dvc_notes import describe, login

from include.errors import PipelineError, at_most_ten

if TYPE_CHECKING:
    from include.alerts.incidents import Incidents
    from include.alerts.looking import Found
    from include.pipeline.history import PastRun

Look = Callable[[str], tuple[str, "Found"]]
HARMFUL = ("hurts", "data", "service")  # that inputs moved is no harm by itself
REPORTS = 3  # of the runs that were opened last: one may have watched an old window again


def alerts_dag(
    dag_id: str,
    *,
    pipelines: Mapping[str, Mapping[str, timedelta]],
    watched: Mapping[str, str] | None = None,
    kinds: Sequence[str] = HARMFUL,
    repo: Path | str | None = None,
    **arguments: Any,
) -> DAG:
    """Tell of incidents: once when one begins, and once when it is over.

    Args:
        pipelines: the DAGs that are looked at, by id, each with its deadlines: `ends_within`, for
            each run, and `at_least_every`, from a good run to the next; {} for failures alone.
        watched: DAGs whose runs watch a model, by id, each with the out that has the windows, as
            {"watch": "reports/watch.json"}: its newest window is looked at.
        kinds: the kinds of checks that are alarms.
        repo: as for `pipeline_dag`.
        arguments: go to Airflow's DAG; every 15 minutes, unless `schedule` says otherwise.
    """
    arguments = {"schedule": "*/15 * * * *", "catchup": False, "max_active_runs": 1, **arguments}
    with DAG(dag_id, **arguments) as dag:
        SendAlerts(
            pipelines={name: dict(due) for name, due in pipelines.items()},
            watched=dict(watched or {}),
            kinds=list(kinds),
            repo=str(root_of(repo)),
            url=conf.get("leeway", "git_url", fallback=""),
        )
    return dag


class SendAlerts(BaseOperator):
    """Look, open and close incidents, and tell. What cannot be told now is told by the next run."""

    ui_color = "#f6e6e3"

    def __init__(
        self,
        *,
        pipelines: dict[str, dict[str, timedelta]],
        watched: dict[str, str],
        kinds: list[str],
        repo: str,
        url: str,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id="send_alerts", doc_md=type(self).__doc__, **arguments)
        self.pipelines, self.watched, self.kinds = pipelines, watched, kinds
        self.repo, self.url = repo, url

    def execute(self, context: Context) -> dict[str, Any]:
        """Return the incidents that are open, and what went wrong.

        Raises:
            PipelineError: no pipeline, or nothing that was watched, could be looked at.
        """
        kept = incidents()
        told, blind = self.look(kept, self.pipelines, self.at_runs)
        new, none_watched = self.look(kept, self.watched, self.at_window)
        told += new
        ready, unusable = channels()
        problems = [" ".join(str(error).split()) for error in [*blind, *none_watched]]
        problems += [*unusable, *kept.deliver(ready)]
        for problem in problems:
            self.log.warning("%s", problem)
        held, waits = [alarm.title for alarm in kept.open().values()], kept.waiting(names())
        self.log.info("open: %s; new: %s; waiting: %s", held or "-", told or "-", waits)
        describe(context, note(held, told, waits, problems))
        see_that_some_work(blind, self.pipelines)
        see_that_some_work(none_watched, self.watched)
        return {"open": held, "told": told, "waiting": waits, "problems": problems}

    def look(
        self, kept: "Incidents", sources: Iterable[str], look: Look
    ) -> tuple[list[str], list[PipelineError]]:
        """Report what is found; give the subjects of new messages, and what could not be seen."""
        told, problems = list[str](), list[PipelineError]()
        for source in sources:
            try:
                as_of, found = look(source)
            except PipelineError as error:
                problems.append(error)
                continue
            told += kept.report(f"{look.__name__} {source}", as_of, found, names())
        return told, problems

    def at_runs(self, dag_id: str) -> tuple[str, "Found"]:
        """What is wrong with the runs of a DAG, as of now.

        Raises:
            PipelineError: Airflow does not say.
        """
        from include.alerts.incidents import Alarm
        from include.alerts.looking import Deadlines, at_runs

        now, api = datetime.now(UTC), login()
        if api is None:
            what = f"Nobody can see the runs of {dag_id}: there is no connection leeway_api."
            fix = "add it, as docs/alerts.md says, or name no pipelines: windows need no login."
            raise PipelineError(what, fix)
        known, absent = api.dag(dag_id), f"{dag_id}:absent"
        if known is None or known["is_stale"]:
            about = "See the import errors of Airflow, and the name in the DAG that sends alerts."
            return now.isoformat(), {absent: Alarm(f"Airflow has no DAG {dag_id}", about)}
        due = Deadlines(**self.pipelines[dag_id])
        since = incidents().since(f"{dag_id}:failed")
        found = at_runs(dag_id, runs_of(api, dag_id), due, now, since)
        return now.isoformat(), {absent: None, **found}

    def at_window(self, dag_id: str) -> tuple[str, "Found"]:
        """What is wrong in the newest window that a DAG has watched by itself, as of its end.

        Raises:
            PipelineError: what the last such run has written cannot be had, or is none.
        """
        from include.pipeline.history import past_runs
        from include.pipeline.past.fetching import fetch_experiments

        fetch_experiments(Path(self.repo), self.url)
        # A person may watch any window by any limit: that is no production.
        runs = [run for run in past_runs(Path(self.repo), dag_id) if began_by_itself(run.run_id)]
        found = [self.newest_window(dag_id, run) for run in runs[:1]]
        for run in runs[1:REPORTS]:
            with suppress(PipelineError):  # it was said when that run was the last
                found.append(self.newest_window(dag_id, run))
        return max(found, key=lambda pair: pair[0], default=("", {}))

    def newest_window(self, dag_id: str, run: "PastRun") -> tuple[str, "Found"]:
        """What is wrong in the newest window of one run, as of its end.

        Raises:
            PipelineError: what it has written cannot be had, or is none.
        """
        from include.alerts.looking import at_window
        from include.pipeline.asking import ask
        from include.pipeline.orders import Read

        path = self.watched[dag_id]
        text = ask(Path(self.repo), Read(run.commit, path), workspace=False)
        try:
            windows = json.loads(text)["windows"]
            newest = max(windows, key=lambda window: str(window["end"]), default=None)
            found = at_window(dag_id, newest, self.kinds) if newest else {}
            return str(newest["end"]) if newest else "", found
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            what = f"{path} of {run.name} has no windows that can be read: {error!r}."
            raise PipelineError(what, "let its stage write them: see docs/retraining.md.") from None


class Notify(BaseNotifier):
    """Tell of a failed run, or a missed deadline, at once: for callbacks of any DAG or task.

    It is the incident that the DAG of alerts would open, so that both together tell once.

    Args:
        what: the end of the incident's key: `failed`, or `overdue` for a deadline.
    """

    def __init__(self, what: str = "failed") -> None:
        super().__init__()
        self.what = what

    def notify(self, context: Context) -> None:
        """Open the incident, and tell. What cannot be told now, the next run of alerts tells."""
        from include.alerts.incidents import Alarm

        run: Any = context.get("dag_run") or {}
        # A missed deadline comes with the run as Airflow's API has it.
        held = run if isinstance(run, Mapping) else vars_of(run)
        dag_id = str(held.get("dag_id") or getattr(context.get("dag"), "dag_id", "an unknown DAG"))
        run_id = str(held.get("dag_run_id") or context.get("run_id") or "an unknown run")
        title = f"A run of {dag_id} {'failed' if self.what == 'failed' else f'is {self.what}'}"
        kept = incidents()
        alarm = Alarm(title, f"{run_id}: the log of its task says what to do.")
        now = datetime.now(UTC).isoformat()
        kept.report(f"at_runs {dag_id}", now, {f"{dag_id}:{self.what}": alarm}, names())
        ready, problems = channels()
        for problem in [*problems, *kept.deliver(ready)]:
            self.log.warning("%s", problem)


def see_that_some_work(problems: Sequence[PipelineError], sources: Collection[str]) -> None:
    """See that not all looks of a kind went wrong: who cannot see has no right to be green.

    Raises:
        PipelineError: all of them did.
    """
    if problems and len(problems) == len(sources):
        first = problems[0]
        what = f"Of {at_most_ten(list(sources))} nothing can be seen, so nobody is told of it."
        raise PipelineError(f"{what} {first.what}", first.fix)


def note(held: list[str], told: list[str], waits: int, problems: list[str]) -> str:
    """What the run says of itself."""
    lines = [f"{len(held)} incidents are open: {at_most_ten(held) or 'none'}."]
    lines += [f"New: {at_most_ten(told)}."] if told else []
    lines += [f"{waits} messages wait: {problems[0]}"] if waits and problems else []
    return " ".join(lines)
