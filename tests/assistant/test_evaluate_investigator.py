"""The stage evaluate_investigator: notes held against the truth."""

import json
from dataclasses import replace

import polars as pl
import pytest
from assistant_evidence import WINDOWS, put, tools

from include.assistant.evaluate_investigator import evaluate_investigator
from include.assistant.investigator import playbook
from include.assistant.investigator.evaluating import Scored, held, measure
from include.assistant.investigator.note import Cause, Note, cite
from include.assistant.investigator.settings import Budget, Endpoint, Investigating
from include.errors import DataError

TRUTH = {
    "id": "i-1",
    "kind": "concept_shift",
    "cause": "concept_shift",
    "subject": "",
    "since": "2025-02-01",
    "fold": "rules",
}
PLAYBOOK = Investigating(
    provider="playbook", budget=Budget(requests=1, tool_calls=1, tokens=1000, seconds=1, retries=0)
)


def test_the_stage_scores_each_incident_and_names_the_causes(tmp_path):
    put(tmp_path / "in/i-1", *WINDOWS)
    (tmp_path / "in/incidents.json").write_text(json.dumps([TRUTH]))
    metrics, table = tmp_path / "m.json", tmp_path / "p.parquet"
    evaluate_investigator(tmp_path / "in", metrics, table, PLAYBOOK)
    told = json.loads(metrics.read_text())
    assert {
        name: told[name]
        for name in ("incidents", "first_share", "first_three_share", "since_share", "wrong_claims")
    } == {
        "incidents": 1,
        "first_share": 1.0,
        "first_three_share": 1.0,
        "since_share": 1.0,
        "wrong_claims": 0,
    }
    assert told["rules.incidents"] == 1
    assert (told["rules.first_share"], told["first_share_of.concept_shift"]) == (1.0, 1.0)
    assert (told["subject_share"], told["tokens"], told["tool_calls"]) == (None, 0, 12)
    row = pl.read_parquet(table).row(0, named=True)
    assert (row["by"], row["first"], row["rank"], row["alarmed"]) == (
        "playbook",
        "concept_shift",
        1,
        True,
    )


def test_a_model_is_scored_beside_the_playbook(tmp_path):
    put(tmp_path / "in/i-1", *WINDOWS)
    (tmp_path / "in/incidents.json").write_text(json.dumps([TRUTH]))
    prices = {"currency": "EUR", "tokens_in": 1, "tokens_out": 1}
    nobody = Endpoint(
        base_url="http://127.0.0.1:9/v1", model="m", seed=1, temperature=0, prices=prices
    )
    settings = PLAYBOOK.model_copy(update={"provider": "endpoint", "endpoint": nobody})
    evaluate_investigator(tmp_path / "in", tmp_path / "m.json", tmp_path / "p.parquet", settings)
    told = json.loads((tmp_path / "m.json").read_text())
    assert (told["agent_incidents"], told["agent_first_share"], told["agent_tokens"]) == (1, 1.0, 0)
    assert pl.read_parquet(tmp_path / "p.parquet")["by"].to_list() == ["playbook", "agent"]


def test_without_incidents_there_is_nothing_to_score(tmp_path):
    with pytest.raises(DataError) as error:
        evaluate_investigator(tmp_path, tmp_path / "m", tmp_path / "p", PLAYBOOK)
    assert str(error.value) == (
        f"{tmp_path}/incidents.json names no incident.\n"
        "  Next: run `dvc repro include/assistant/dvc.yaml:plant_incidents`."
    )


def noted(tmp_path, *causes: str, text: str = "It is so.") -> Scored:
    """The score of a note with these causes."""
    having = tools(tmp_path, *WINDOWS)
    claim = cite(text, ("check:auc", "auc is 0.55"))
    book = playbook.read()
    some = tuple(
        Cause(cause=one, title=book.causes[one].title, weight=0.5, claims=(claim,))
        for one in causes
    )
    return held(TRUTH, Note(run="r", headline="H", causes=some), having, book)


def test_a_cause_counts_by_its_place_and_a_claim_of_what_no_tool_returned_is_wrong(tmp_path):
    second = noted(tmp_path, "unit_changed", "concept_shift")
    assert (second.rank, second.first, second.second, second.third) == (
        2,
        "unit_changed",
        "concept_shift",
        "",
    )
    assert (second.claims, second.wrong, second.since_right) == (2, 2, False)
    assert noted(tmp_path, "unit_changed").rank == 0


def test_shares_are_of_those_that_can_be_right(tmp_path):
    right = noted(tmp_path, "concept_shift")
    rows = [
        replace(right, subject="a", subject_right=True, alarmed=True),
        replace(right, rank=3, subject="b", subject_right=False, fold="held_out", alarmed=True),
        replace(right, rank=0, since_right=None, fold="held_out", alarmed=False),
        replace(
            right, rank=2, cause="nothing_wrong", kind="nothing", fold="held_out", alarmed=True
        ),
    ]
    found = measure(rows)
    wanted = {
        "first_share": 0.25,
        "first_three_share": 0.75,
        "first_share_alarmed": 0.333333,
        "subject_share": 0.5,
        "since_share": 0.0,
        "false_alarm_share": 1.0,
        "rules.first_share": 1.0,
        "held_out.first_share": 0.0,
        "first_share_of.nothing": 0.0,
    }
    assert {name: found[name] for name in wanted} == wanted
