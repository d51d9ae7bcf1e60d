"""What the last task of a run leaves for lists of reports, and says of its verdicts in notes."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import Context
from dvc_notes import LONGEST, login
from dvc_runs import counted

from include.errors import PipelineError

if TYPE_CHECKING:
    from include.airflow_site.api import AirflowApi
    from include.pipeline.closing.card import Card


def keep_card(
    context: Context, home: Path, known: Mapping[str, object], log: Callable[..., None]
) -> None:
    """Let lists find the reports of this run, and none of runs of its DAG that were deleted."""
    from include.pipeline.closing.card import remove_deleted, write_card

    dag_id, run_id = context["dag"].dag_id, context["run_id"]
    card = write_card(home, (dag_id, run_id), **known)
    for gone in remove_deleted(home, dag_id, counted(context)):
        log("removed the reports of %s, which was deleted", gone)
    for found in card.findings:
        log("%s: %s %s %s", found.report, found.state, found.sentence, found.to_do)
    api = login() if card.findings else None
    if api is not None:
        try:
            add_verdicts(api, card)
        except PipelineError as error:
            log("%s", error)  # what the UI shows is not worth a failed run


def add_verdicts(api: "AirflowApi", card: "Card") -> None:
    """Put the verdicts before the notes of the run, and of the tasks that came to them."""
    from include.pipeline.closing.card import worst

    place = (card.dag_id, card.run_id)
    first = worst(card.findings)
    note = str(api.run(*place).get("note") or "")
    api.describe(*place, joined(first.said if first else "", note))
    notes = {str(task["task_id"]): str(task["note"] or "") for task in api.tasks(*place)}
    told = {card.makers.get(found.report, ""): found.said for found in card.findings}
    held = {name: joined(said, notes[name]) for name, said in told.items() if name in notes}
    if held:
        api.tell(*place, held)


def joined(said: str, note: str) -> str:
    """A note with a verdict before it, once."""
    kept = note if note.startswith(said) else f"{said}\n\n{note}".strip()
    return kept[:LONGEST]
