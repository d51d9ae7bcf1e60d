"""The tasks that ask a person whether something may be done, and what that person sees."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSkipException
from dvc_approval import SHOWN, answered, cell
from dvc_notes import put_last, tell

READ, APPROVE, SAID = "read_note", "approve", "said"
SUBJECTS = {
    "clear": "Clear what failed in {run} of {doer}?",
    "retrain": "Ask {doer} to train?",
    "roll_back": "Let {doer} take the last promotion back?",
}


class ApproveAction(ApprovalOperator):
    """Ask a person, who sees what is proposed, by whom, why, and what it would do."""

    ui_color = "#f6efe3"

    def __init__(self, *, action: str, within: timedelta, **arguments: Any) -> None:
        super().__init__(
            task_id=f"{APPROVE}_{action}",
            subject="Something is to be done about an incident",
            # Who does not answer has not approved.
            defaults=self.REJECT,
            response_timeout=within,
            doc_md=type(self).__doc__,
            **arguments,
        )
        self.action = action

    def execute(self, context: Context) -> Any:
        """Wait for the answer; be skipped if nothing of the kind is proposed."""
        self.show(context)
        put_last(context, f"Waiting for approval: {self.subject}")
        return super().execute(context)

    def show(self, context: Context) -> None:
        """Put what is proposed before a person, and keep it: it is what they approve.

        Raises:
            AirflowSkipException: nothing of the kind is proposed.
        """
        shown = plan_of(context, self.action)
        if shown is None:
            raise AirflowSkipException(f"The note does not propose to {self.action}.")
        self.subject = SUBJECTS[self.action].format(run=shown["run_id"], doer=shown["doer"])
        self.body = page(shown)
        # The note may be read anew before the answer, and then its plan is another.
        context["ti"].xcom_push(key=SHOWN, value=shown)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Return who approved; skip what comes after if nobody did."""
        who, against, event = answered(event)
        if against:
            say(context, f"Not done ({self.action}): {against}.")
        else:
            tell(context, {self.task_id: f"approved by {who}"})
        super().execute_complete(context, event)
        return {"by": who}


def say(context: Context, note: str) -> None:
    """Put a note on this task, which is also for the note of the run."""
    note = broken(note)
    tell(context, {context["task"].task_id: note})
    context["ti"].xcom_push(key=SAID, value=note)


def plan_of(context: Context, action: str) -> dict[str, Any] | None:
    """What the note proposes of an action, as it was read; None if nothing."""
    held = context["ti"].xcom_pull(task_ids=READ) or {}
    found = held.get("plans", {}).get(action)
    return dict(found) if found else None


def page(shown: Mapping[str, Any]) -> str:
    """What a person sees before the decision, as Markdown."""
    who, author = shown["brought_by"], shown["written_by"]
    origin = {"written by": author or "nobody says"}
    if who:  # whatever it says of itself
        named = f"; it names {author!r} as its author" if author else ""
        origin = {"brought by": f"{who}{named}. Nobody has checked what it says."}
    rows = {
        "the note says": shown["headline"],
        "proposed": f"{shown['action']} {shown['target']}",
        "because": shown["why"],
        **origin,
        "what it does": shown["does"],
    }
    return "\n".join(
        [
            *("| what | is |", "|---|---|"),
            *(f"| {cell(name)} | {unlinked(value)} |" for name, value in rows.items()),
            *("", "The whole note, with its evidence, is among the reports of this run."),
            "Nothing of it was done. The approval expires if what it rests on changes.",
        ]
    )


def unlinked(value: object) -> str:
    """A text in its cell, whose addresses lead nowhere: a model may have them from anybody."""
    return broken(cell(value))


def broken(text: str) -> str:
    """A text whose addresses are none any more."""
    return text.replace("://", ": //").replace("www.", "www .").replace("@", "(at)")
