"""The last task of a pipeline's run: close it, and say what came of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from airflow.sdk import Context
from dvc_cards import keep_card
from dvc_costs import tell_cost
from dvc_interval import run_type
from dvc_notes import tell
from dvc_retraining import request_of
from dvc_runs import OfRun, run_here
from dvc_verdicts import tell_verdicts

from include.pipeline.graph import CLOSE


class CloseRun(OfRun):
    """Save the run as a DVC experiment, push its data, keep its reports, remove the workspace."""

    ui_color = "#e8eef7"

    def __init__(
        self,
        *,
        repo: str,
        home: str,
        url: str,
        reports: Sequence[str],
        makers: Mapping[str, str],
        **arguments: Any,
    ) -> None:
        # It is the last task: a run whose stages were skipped must not end without its word.
        arguments["trigger_rule"] = "none_failed"
        super().__init__(task_id=CLOSE, doc_md=CloseRun.__doc__, **arguments)
        self.repo, self.home, self.url = repo, home, url
        self.reports, self.makers = list(reports), dict(makers)

    def execute(self, context: Context) -> str:
        """Return the name of the experiment."""
        from include.pipeline.closing.close_run import close_run, closed_before

        name = closed_before(Path(self.repo), Path(self.home), self.dag_id, context["run_id"])
        if name:
            keep_card(context, self, name)
            self.announce(context, name)
            return name
        run = run_here(context, self)
        tell_verdicts(context, run)
        name = close_run(run, Path(self.home), self.reports, self.log.info)
        self.log.info("experiment %s: see `dvc exp show`", name)
        tell(context, {self.task_id: f"experiment {name}: see `dvc exp show`"})
        keep_card(context, self, name)
        self.log.info("%s", tell_cost(context, Path(self.repo), name))
        self.announce(context, name)
        return name

    def announce(self, context: Context, name: str) -> None:
        """Tell who waits for the ends of runs which experiment it is, and who began the run."""
        for asset in self.outlets:
            kind, request = run_type(context), request_of(context)
            if request and not request.by_task:  # as by hand: nothing goes live by itself
                kind = "manual"
            extra: dict[str, Any] = {"experiment": name, "run_type": kind}
            context["outlet_events"][asset].extra = extra
