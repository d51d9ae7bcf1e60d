"""A closed run leaves a card for lists of reports, and takes those of deleted runs away."""

from types import SimpleNamespace
from typing import Any

import dvc_cards

from include.pipeline.closing.card import Finding, place_of, read_card, write_card
from include.pipeline.workspace import reports_of


def test_a_closed_run_has_a_card_and_those_of_deleted_runs_are_gone(tmp_path):
    folder = reports_of(tmp_path, "train", "one")
    folder.mkdir(parents=True)
    (folder / "drift.json").write_text('{"verdict": {"state": "hurts"}}')
    write_card(tmp_path, ("train", "deleted"))
    reports_of(tmp_path, "train", "deleted").mkdir()
    said: list[str] = []
    ti = SimpleNamespace(get_dr_count=lambda _dag_id, run_ids: len({*run_ids} & {"one"}))
    context: Any = {"ti": ti, "dag": SimpleNamespace(dag_id="train"), "run_id": "one"}
    known = {"repo": "/repo", "window": "2013-06-01"}
    dvc_cards.keep_card(context, tmp_path, known, lambda text, *given: said.append(text % given))
    card = read_card(place_of(tmp_path, "train", "one"))
    assert card is not None
    assert (card.repo, card.window) == ("/repo", "2013-06-01")
    assert card.findings == (Finding("drift.json", "hurts"),)
    assert not reports_of(tmp_path, "train", "deleted").exists()
    assert said == ["removed the reports of deleted, which was deleted"]
