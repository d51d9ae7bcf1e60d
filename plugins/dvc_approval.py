"""The task that asks a person whether a model may go live, and what that person sees."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Context
from dvc_notes import describe, login, tell

if TYPE_CHECKING:
    from include.pipeline.registry.promotion import Proposal

VERIFY, APPROVE, SHOWN = "verify", "approve", "shown"


class Approve(ApprovalOperator):
    """Ask a person, if the risk is high: who sees the version, its hashes and each gate."""

    ui_color = "#f6efe3"

    def __init__(self, *, within: timedelta, **arguments: Any) -> None:
        super().__init__(
            task_id=APPROVE,
            subject="A model asks to go live",
            # Who does not answer has not approved.
            defaults=self.REJECT,
            response_timeout=within,
            doc_md=type(self).__doc__,
            **arguments,
        )

    def execute(self, context: Context) -> Any:
        """Wait for the answer; return at once if none is needed."""
        found = verified(context)
        if found.risk != "high":
            tell(context, {self.task_id: f"not asked: the risk is {found.risk}"})
            return {"by": ""}
        wanted = found.wanted
        self.subject = f"Let {found.version} of {wanted.artifact} be {wanted.stage}?"
        self.body = page(found)
        # Whoever clears `verify` alone before the answer has it find what nobody was shown.
        context["ti"].xcom_push(key=SHOWN, value=asdict(found))
        describe(context, f"Waiting for approval: {self.subject}")
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Return who approved; skip what comes after if nobody did."""
        who, against, event = answered(event)
        note = f"Not promoted: {against}."
        tell(context, {self.task_id: note if against else f"approved by {who}"})
        if against:
            describe(context, note)
        super().execute_complete(context, event)
        return {"by": who}


def answered(event: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Who answered, why that is no approval (empty if it is one), and the answer that counts."""
    who, tasks = str((event.get("responded_by_user") or {}).get("name", "")), login()
    approved, said = event.get("chosen_options") == [ApprovalOperator.APPROVE], "rejected it"
    if tasks is not None and who == tasks.user:  # which each step of a stage may know
        approved, said = False, "is the login of tasks, and no person"
        event = {**event, "chosen_options": [ApprovalOperator.REJECT]}
    against = "" if approved else f"{who} {said}" if who else "nobody answered in time"
    return who, against, event


def verified(context: Context) -> "Proposal":
    """What `verify` has found."""
    return proposal(context["ti"].xcom_pull(task_ids=VERIFY))


def approved(context: Context) -> "Proposal":
    """What a person was shown; what `verify` has found where nobody was asked."""
    shown: Any = context["ti"].xcom_pull(task_ids=APPROVE, key=SHOWN)
    return proposal(shown) if shown else verified(context)


def proposal(held: object) -> "Proposal":
    """What a task has kept of a proposal."""
    from pydantic import TypeAdapter

    from include.pipeline.registry.promotion import Proposal

    return TypeAdapter(Proposal).validate_python(held)


def page(found: "Proposal") -> str:
    """What a person sees before the decision, as Markdown."""
    wanted = found.wanted
    rows = {
        "version": found.version,
        "experiment": wanted.experiment,
        "commit": found.commit,
        found.path: found.hash,
        wanted.verdict: found.verdict_hash,
        "live now": found.champion or "none",
    }
    gates = [
        f"| {cell(gate.get('name'))} | {number(gate)} | {cell(gate.get('limit'))} | {said(gate)} |"
        for gate in found.gates
    ]
    judged = [f"| {cell(path)} | `{cell(digest)}` |" for path, digest in found.files.items()]
    return "\n".join(
        [
            *("| what | is |", "|---|---|"),
            *(f"| {cell(name)} | `{cell(value)}` |" for name, value in rows.items()),
            *("", "| gate | number | limit | verdict |", "|---|---|---|---|", *gates),
            *("", "| judged | MD5 |", "|---|---|", *judged),
            *("", "The approval expires if any of these, or what is live, changes."),
        ]
    )


def number(gate: Mapping[str, Any]) -> str:
    """The number of a gate; a dash if it has none."""
    value = gate.get("value")
    return f"{value:.4g}" if isinstance(value, int | float) else "–"


def said(gate: Mapping[str, Any]) -> str:
    """The verdict of a gate; with its reason where no number tells it."""
    verdict = "passed" if gate.get("passed") else "failed"
    reason = "" if gate.get("value") is not None else cell(gate.get("reason", ""))
    return f"{verdict}. {reason}" if reason else verdict


def cell(value: object) -> str:
    """A text that stays in its cell of a table."""
    text = str(value).replace("\\", "/").replace("`", "'")
    return " ".join(re.sub(r"([|\[\]!<>*])", r"\\\1", text).split())
