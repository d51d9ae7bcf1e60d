"""The stage evaluate_investigator: notes held against the truth."""

import json
from dataclasses import replace

import polars as pl
import pytest
import yaml
from assistant_evidence import PROJECT, WINDOWS, put, tools
from assistant_server import Behaviour, model, said

from include.assistant.evaluate_investigator import evaluate_investigator
from include.assistant.investigator import playbook
from include.assistant.investigator.evaluating import Scored, held, measure
from include.assistant.investigator.note import Cause, Note, cite
from include.assistant.investigator.settings import Budget, Endpoint, Investigating
from include.errors import DataError
from include.monitoring.gates import Limit, hold

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


def by_model(tmp_path, url: str) -> dict[str, float]:
    """The numbers of one incident, with a model at an address."""
    put(tmp_path / "in/i-1", *WINDOWS)
    (tmp_path / "in/incidents.json").write_text(json.dumps([TRUTH]))
    prices = {"currency": "EUR", "tokens_in": 1, "tokens_out": 1}
    endpoint = Endpoint(base_url=url, model="m", seed=1, temperature=0, prices=prices)
    budget = Budget(requests=9, tool_calls=9, tokens=99_000, seconds=20, retries=1)
    settings = Investigating(provider="endpoint", endpoint=endpoint, budget=budget)
    evaluate_investigator(tmp_path / "in", tmp_path / "m.json", tmp_path / "p.parquet", settings)
    return json.loads((tmp_path / "m.json").read_text())


def test_a_model_that_cannot_be_asked_has_found_nothing(tmp_path):
    told = by_model(tmp_path, "http://127.0.0.1:9/v1")
    for name in ("agent", "in_use"):
        numbers = ("first_share", "fell_back_share", "claims", "tokens")
        assert [told[f"{name}_{one}"] for one in numbers] == [0.0, 1.0, 0, 0]
    assert (told["first_share"], told["fell_back_share"]) == (1.0, 0.0)
    rows = pl.read_parquet(tmp_path / "p.parquet")
    assert rows["by"].to_list() == ["playbook", "agent"]
    why = "The model wrote no note: its server gave no answer that can be used."
    assert rows["fell_back"].to_list() == ["", why]


SAID = "The check auc failed in the window from 2025-03-01: auc is 0.55;"
CLAIM = {"text": "The AUC is 0.55.", "citations": [{"id": "check:auc", "quote": SAID}]}
CAUSE = {"cause": "concept_shift", "claims": [CLAIM]}


def calls(tool: str, **asked: object) -> Behaviour:
    """A model that asks a tool, or hands its note in by one."""
    function = {"name": tool, "arguments": json.dumps(asked)}
    held = [{"id": "c", "type": "function", "function": function}]
    body = json.loads(said("", finish="tool_calls", tool_calls=held))
    body |= {"id": "x", "object": "chat.completion", "created": 1}
    body["usage"]["total_tokens"] = 110
    return lambda handler: handler.send(json.dumps(body).encode(), Content_Type="application/json")


def test_a_model_that_writes_its_notes_is_scored_beside_the_playbook(tmp_path):
    end = calls("final_result", moved=[CLAIM], causes=[CAUSE])
    with model(calls("drift_of"), end) as server:
        told = by_model(tmp_path, server.url)
    numbers = ("first_share", "fell_back_share", "claims", "wrong_claims", "tokens")
    assert [told[f"in_use_{one}"] for one in numbers] == [1.0, 0.0, 2, 0, 220]
    assert told["agent_first_share"] == 1.0


def test_the_gates_hold_whoever_writes_the_notes(tmp_path):
    gates = yaml.safe_load((PROJECT / "params.yaml").read_text())["promotion"]["gates"]
    limits = {one: Limit(**held) for one, held in gates["investigator"].items()}
    found = hold(by_model(tmp_path, "http://127.0.0.1:9/v1"), limits, "m")
    failed = {one.name for one in found if not one.passed and one.name.startswith("in_use_")}
    assert failed == {"in_use_first_share", "in_use_fell_back_share"}


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
