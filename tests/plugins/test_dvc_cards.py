"""A closed run leaves a card for lists of reports, and its verdict in the notes of Airflow."""

from types import SimpleNamespace
from typing import Any

import dvc_cards
import pytest

from include.errors import PipelineError
from include.pipeline.closing.card import Card, Finding, place_of, read_card, write_card
from include.pipeline.workspace import reports_of

VERDICT = '{"verdict": {"state": "hurts", "sentence": "It does.", "to_do": "Retrain."}}'
TOLD = "hurts: It does. Retrain."


class Api:
    """A stand-in for Airflow's REST API, which keeps the notes."""

    def __init__(self, run: str, **tasks: str | None) -> None:
        self.note, self.notes = run, tasks

    def run(self, *_: str) -> dict[str, Any]:
        return {"note": self.note}

    def tasks(self, *_: str) -> list[dict[str, Any]]:
        return [{"task_id": name, "note": note} for name, note in self.notes.items()]

    def describe(self, _dag_id: str, _run_id: str, note: str) -> None:
        self.note = note

    def tell(self, _dag_id: str, _run_id: str, notes: dict[str, str]) -> None:
        self.notes |= notes


def card(*findings: Finding) -> Card:
    return Card("train", "one", makers={"reports/drift.json": "report_drift"}, findings=findings)


def test_a_verdict_stands_before_the_notes_of_the_run_and_of_its_task_and_once():
    api = Api("From commit 1.", report_drift="ran: it never ran before", fit=None)
    for _ in range(2):
        found = Finding("reports/drift.json", "hurts", "It does.", "Retrain.")
        dvc_cards.add_verdicts(api, card(found, Finding("other.json", "steady")))  # type: ignore[arg-type]
    assert api.note == f"{TOLD}\n\nFrom commit 1."
    assert api.notes == {"report_drift": f"{TOLD}\n\nran: it never ran before", "fit": None}


def test_a_note_is_no_longer_than_airflow_takes():
    api = Api("x" * 1000)
    dvc_cards.add_verdicts(api, card(Finding("a.json", "moved", "y" * 600)))  # type: ignore[arg-type]
    assert len(api.note) == 1000


@pytest.fixture
def closed(tmp_path, monkeypatch):
    """Closes a run whose report hurts, where Airflow has the run `one` alone."""
    folder = reports_of(tmp_path, "train", "one")
    folder.mkdir(parents=True)
    (folder / "drift.json").write_text(VERDICT)
    said: list[str] = []

    def close(api: Any) -> str:
        monkeypatch.setattr(dvc_cards, "login", lambda: api)
        ti = SimpleNamespace(get_dr_count=lambda _dag_id, run_ids: len({*run_ids} & {"one"}))
        context: Any = {"ti": ti, "dag": SimpleNamespace(dag_id="train"), "run_id": "one"}
        dvc_cards.keep_card(context, tmp_path, {}, lambda text, *given: said.append(text % given))
        return "\n".join(said)

    return close


def test_a_closed_run_has_a_card_and_those_of_deleted_runs_are_gone(tmp_path, closed):
    write_card(tmp_path, ("train", "deleted"))
    reports_of(tmp_path, "train", "deleted").mkdir()
    said = closed(None)
    assert read_card(place_of(tmp_path, "train", "one")).findings[0].said == TOLD
    assert not reports_of(tmp_path, "train", "deleted").exists()
    assert "removed the reports of deleted, which was deleted" in said
    assert "drift.json: hurts It does. Retrain." in said


def test_a_note_that_airflow_refuses_fails_no_run(closed):
    api = Api("")

    def refuse(*_: str) -> None:
        raise PipelineError("Airflow answered with 403.", "see the logs.")

    api.describe = refuse  # type: ignore[method-assign]
    assert "Airflow answered with 403." in closed(api)
