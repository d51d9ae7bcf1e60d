"""The tasks that do what a person has approved of a note on an incident.

What is not done is no failure: the run is green, and its note says why.
"""

from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

from airflow.sdk import AssetAlias, BaseOperator, Context
from airflow.sdk.exceptions import AirflowSkipException
from dvc_approval import SHOWN
from dvc_assets import requests
from dvc_notes import describe, login
from dvc_proposals_approval import APPROVE, READ, SAID, broken, say
from dvc_proposals_note import Refused
from dvc_proposals_plans import Plan, plan_again
from dvc_proposals_reading import OnNote

from include.airflow_site.api import AirflowApi
from include.errors import PipelineError


class CarryOut(OnNote):
    """Do what a person has approved, if all that it rests on is as it was shown."""

    action: str

    def execute(self, context: Context) -> str:
        """Return what was done; be skipped if nothing is.

        Raises:
            PipelineError: nobody can tell whether all is as it was, or it cannot be done.
        """
        asked = f"{APPROVE}_{self.action}"
        shown = context["ti"].xcom_pull(task_ids=asked, key=SHOWN)
        who = (context["ti"].xcom_pull(task_ids=asked) or {}).get("by")
        if not shown or not who:
            self.stop(context, "nobody has approved.")
        plan = Plan(**shown)
        try:
            now = plan_again(plan, self.place)
        except Refused as error:
            self.stop(context, f"what was shown is no longer so: {' '.join(str(error).split())}")
        if now != plan:
            self.stop(context, f"what was shown is no longer so; now: {now.does}.")
        note = f"the note on {plan.run}"
        note += f", which {plan.brought_by} brought," if plan.brought_by else ""
        done = self.do(context, plan, f"{who} approved what {note} proposes")
        self.log.info("%s", done)
        say(context, f"{done}: {who} approved it.")
        return done

    def do(self, context: Context, plan: Plan, because: str) -> str:
        """Do it, and return what was done."""
        raise NotImplementedError

    def stop(self, context: Context, why: str) -> NoReturn:
        """Say why nothing is done, and be skipped."""
        note = f"Not done ({self.action}): {why}"
        say(context, note)
        raise AirflowSkipException(note)


class ClearRun(CarryOut):
    """Clear what failed in the run that the note is about, if a person has approved."""

    action = "clear"

    def __init__(self, **arguments: Any) -> None:
        super().__init__(task_id="clear_run", **arguments)

    def do(self, context: Context, plan: Plan, because: str) -> str:
        """Clear the failed tasks, and those that waited for them."""
        wanted = {"dag_run_id": plan.run_id, "only_failed": True, "reset_dag_runs": True}
        path = f"/dags/{quote(plan.doer)}/clearTaskInstances"
        found = api().call("POST", path, {**wanted, "dry_run": False})
        return f"Cleared {found['total_entries']} tasks of {plan.run_id} of {plan.doer}"


class AskToRetrain(CarryOut):
    """Ask a pipeline to train, as its policy would, if a person has approved."""

    action = "retrain"

    def __init__(self, **arguments: Any) -> None:
        # Which pipeline is asked, the note says: an outlet of its own would ask each time.
        self.alias = AssetAlias("proposals of retraining")
        super().__init__(task_id="ask_to_retrain", outlets=[self.alias], **arguments)

    def do(self, context: Context, plan: Plan, because: str) -> str:
        """Send the event for which the pipeline waits."""
        asset = requests(Path(self.repo), plan.doer)
        said = [broken(text) for text in (f"{because}.", plan.headline, plan.why)]
        extra: dict[str, Any] = {
            "until": plan.until or None,
            "because": said,
            "experiment": plan.run,
        }
        context["outlet_events"][self.alias].add(asset, extra=extra)
        return f"{plan.doer} is asked to train"


class TriggerRollback(CarryOut):
    """Trigger the DAG that takes the last promotion back, if a person has approved."""

    action = "roll_back"

    def __init__(self, **arguments: Any) -> None:
        super().__init__(task_id="trigger_rollback", **arguments)

    def do(self, context: Context, plan: Plan, because: str) -> str:
        """Trigger it with the reason."""
        reason = broken(f"{because}.")
        run_id = api().trigger(plan.doer, {"reason": reason, "stage": "champion"})
        return f"{run_id} of {plan.doer} takes the promotion back"


def api() -> AirflowApi:
    """The API of Airflow.

    Raises:
        PipelineError: tasks have no login for it.
    """
    found = login()
    if found is None:
        what = "There is no connection leeway_api, by which runs are cleared and triggered."
        raise PipelineError(what, "add it, as docs/alerts.md says, then clear this task.")
    return found


class Conclude(BaseOperator):
    """Say in the note of the run what became of each proposal."""

    ui_color = "#f6efe3"

    def __init__(self, **arguments: Any) -> None:
        # Neither green if something failed, nor without a word if nothing was done.
        arguments["trigger_rule"] = "none_failed"
        super().__init__(task_id="conclude", doc_md=type(self).__doc__, **arguments)

    def execute(self, context: Context) -> str:
        """Return the note."""
        ti = context["ti"]
        read = ti.xcom_pull(task_ids=READ) or {}
        before = [task.task_id for task in context["dag"].tasks if task.task_id != self.task_id]
        found = [ti.xcom_pull(task_ids=name, key=SAID) for name in before]
        words = [str(read.get("told", "")), *(str(one) for one in found if one)]
        note = broken(" ".join(words).strip())
        describe(context, note)
        return note
