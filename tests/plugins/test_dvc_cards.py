"""A closed run leaves a card for lists of reports, and takes those of deleted runs away."""

from types import SimpleNamespace
from typing import Any

import dvc_cards
from dvc_dag import pipeline_dag

from include.pipeline.closing.card import Finding, place_of, read_card, write_card
from include.pipeline.workspace import reports_of


def test_a_closed_run_has_a_card_and_those_of_deleted_runs_are_gone(tmp_path, made):
    folder = reports_of(tmp_path, "train", "one")
    folder.mkdir(parents=True)
    (folder / "drift.json").write_text('{"verdict": {"state": "hurts"}}')
    write_card(tmp_path, ("train", "deleted"))
    reports_of(tmp_path, "train", "deleted").mkdir()
    ti = SimpleNamespace(get_dr_count=lambda _dag_id, run_ids: len({*run_ids} & {"one"}))
    dag = pipeline_dag("train", repo=made, interval={"shout.mark": "data_interval_end"})
    task = dag.get_task("close_run")
    task.home = str(tmp_path)
    given = SimpleNamespace(run_type="manual", conf=None)
    held = {"params": {"shout.mark": "2013-06-01"}, "dag_run": given}
    context: Any = {"ti": ti, "dag": dag, "run_id": "one", **held}
    dvc_cards.keep_card(context, task, "train.one")
    card = read_card(place_of(tmp_path, "train", "one"))
    assert card is not None
    assert (card.repo, card.window) == (str(made), "2013-06-01")
    assert (card.experiment, card.makers["count-left.txt"]) == ("train.one", "count-left")
    assert card.findings == (Finding("drift.json", "hurts"),)
    assert not reports_of(tmp_path, "train", "deleted").exists()
