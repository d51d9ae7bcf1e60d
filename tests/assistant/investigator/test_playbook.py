"""The playbook: how causes are weighed, and that it speaks of what there is."""

import pytest
import yaml
from assistant_evidence import FINE, LOW, WINDOWS, check, planted, stage, tools, window

from include.assistant.investigator import playbook as books
from include.assistant.investigator.claims import wrong
from include.assistant.investigator.evidence import Evidence, Stage
from include.assistant.investigator.facts import Answer
from include.assistant.investigator.playbook import Playbook
from include.assistant.investigator.tools import OfNumbers, Tools
from include.assistant.investigator.writing import investigate
from include.errors import ParamsError


def book(*signs: dict, **causes: list[dict]) -> Playbook:
    """A playbook with the cause `one`, and others."""
    held = {"one": [*signs], **causes}
    rules = {name: {"title": name.title(), "signs": some} for name, some in held.items()}
    looks = [{"tool": "list_runs"}, {"tool": "drift_of"}]
    return Playbook.model_validate({"version": 1, "owner": "me", "look_at": looks, "causes": rules})


AUC = {"fact": "check", "where": {"name": "auc", "state": "failed"}}


def weighed(tmp_path, *signs: dict, **causes: list[dict]) -> dict[str, float]:
    held = tools(tmp_path, *WINDOWS)
    held.drift_of(OfNumbers())
    return {
        one.name: one.score
        for one in books.weigh(book(*signs, **causes), [*held.returned.values()])
    }


def test_signs_add_up_once_each_and_a_cause_without_one_is_none(tmp_path):
    signals = {"fact": "signal", "weight": 0.5}  # there are three
    assert weighed(tmp_path, {**AUC, "weight": 2}, signals, two=[{**AUC, "weight": -1}]) == {
        "one": 2.5
    }


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ({"value": {"above": 0.5, "below": 0.6}}, True),
        ({"value": {"above": 0.55}}, False),
        ({"name": {"in": ["auc", "log_loss"]}}, True),
        ({"name": {"not": "auc"}}, False),
        ({"said": {"matches": "0[.]55"}}, True),
        ({"name": {"above": 0}}, False),
        ({"nothing": 1}, False),
    ],
    ids=["between", "at the limit", "one of", "not", "a pattern", "no number", "no field"],
)
def test_a_field_is_asked_for_by_value_bounds_or_pattern(tmp_path, where, holds):
    found = weighed(tmp_path, {"fact": "check", "where": where, "weight": 1})
    assert found == ({"one": 1} if holds else {})


def test_a_sign_may_need_another_fact_or_the_lack_of_one(tmp_path):
    both = {**AUC, "weight": 1, "also": {"fact": "window", "where": {"state": "hurts"}}}
    alone = {**AUC, "weight": 2, "also": {"fact": "change"}}
    lacking = {"fact": "change", "absent": True, "weight": 4}
    assert weighed(tmp_path, both, alone, lacking) == {"one": 5}


def test_shares_sum_to_one_and_the_likeliest_is_first(tmp_path):
    held = tools(tmp_path, *WINDOWS)
    note = investigate(held, book({**AUC, "weight": 1}, two=[{**AUC, "weight": 2}]))
    assert [(one.cause, one.weight) for one in note.causes] == [("two", 0.731), ("one", 0.269)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version: [", "p.yaml is not YAML: "),
        ("version: 1", "p.yaml is no playbook: owner: Field required.\n  Next: change owner."),
        (
            "{version: 1, owner: me, look_at: [], causes: {a: {title: A, signs: [{fact: x, weight: 1, "
            "where: {said: {matches: '('}}}]}}}",
            "it is no regular expression: missing ), unterminated subpattern at position 0",
        ),
    ],
    ids=["no YAML", "a key is missing", "no pattern"],
)
def test_a_wrong_playbook_is_refused(tmp_path, text, told):
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(ParamsError) as error:
        books.read(path)
    assert told in str(error.value)


def test_a_playbook_that_asks_a_tool_that_there_is_not_is_refused(tmp_path):
    held = book({**AUC, "weight": 1}).model_copy(update={"look_at": (books.Look(tool="drift"),)})
    with pytest.raises(
        ParamsError, match="looks at 'drift', which is no tool. Did you mean 'drift_of'?"
    ):
        investigate(tools(tmp_path), held)


def test_it_names_checks_and_fields_that_there_are():
    held = Tools(Evidence(planted() / "concept_shift-1"))
    checks = {fact.name for fact in held.drift_of(OfNumbers(contains="check:", limit=60)).facts}
    raw = yaml.safe_load(books.PLAYBOOK.read_text())
    patterns = [
        p
        for rule in raw["causes"].values()
        for sign in rule["signs"]
        for p in (sign, sign.get("also", {}), sign.get("without", {}))
    ]
    named = {
        p["where"]["name"]
        for p in patterns
        if p.get("fact") == "check" and isinstance(p["where"].get("name"), str)
    }
    # Those of questions, which include.assistant.watching looks at.
    asked = {"questions", "stale_sources", "question_drift_auc", "refused_share", "useful_share"}
    asked |= {"failed_share", "citations_failed_share", "cost", "quarantined"}
    since_training = {"auc_change", "log_loss_saved_change"}  # of include.monitoring.drift_checks
    assert named <= checks | asked | since_training
    kinds = Answer.model_fields["facts"].annotation.__args__[0].__args__
    fields = {name for kind in kinds for name in kind.model_fields}
    assert {name for p in patterns for name in p.get("where", {})} <= fields


def test_each_order_is_a_whole_sentence():
    orders = [order for rule in books.read().causes.values() for order in rule.next]
    assert [order for order in orders if not (order[0].isupper() and order.endswith("."))] == []


def test_a_change_alone_is_no_reason_to_act(tmp_path):
    stages = (
        {"a": stage("reports/watch.json", "2", data="2"), "b": stage("data", "2", code="2")},
        {"a": stage("reports/watch.json", "1", data="1"), "b": stage("data", "1", code="1")},
    )
    calm = investigate(tools(tmp_path / "calm", window(1, FINE), stages=stages), books.read())
    assert ([one.cause for one in calm.causes], calm.proposals) == (
        ["nothing_wrong", "code_changed"],
        (),
    )
    hurt = investigate(tools(tmp_path / "hurt", window(1, LOW), stages=stages), books.read())
    assert [one.cause for one in hurt.causes][:1] == ["code_changed"]
    assert [(one.action, one.target) for one in hurt.proposals] == [("roll_back", "b")]


LIMITS = [("auc_min", "0.5", "limit_changed"), ("auc_min", "0.7", "concept_shift")]
LIMITS += [("group_gap_max", "0.9", "concept_shift")]  # of a check that passed


@pytest.mark.parametrize(("limit", "was", "cause"), LIMITS)
def test_a_limit_that_was_made_narrower_is_no_change_of_the_world(tmp_path, limit, was, cause):
    now, good = (
        {"watch": Stage(params={f"limits.{limit}": value}, outs={"reports/watch.json": value})}
        for value in ("0.6", was)
    )
    note = investigate(tools(tmp_path, window(1, LOW, auc=0.55), stages=(now, good)), books.read())
    assert [one.cause for one in note.causes] == [cause]
    assert [one.action for one in note.proposals] == (
        [] if cause == "limit_changed" else ["retrain"]
    )


@pytest.mark.parametrize("rows", [60, 20], ids=["more", "fewer"])
def test_a_week_in_which_people_ask_more_or_less_is_no_wrong_delivery(tmp_path, rows):
    weeks = window(1, FINE, rows=40, questions=40), window(2, FINE, rows=rows, questions=rows)
    assert investigate(tools(tmp_path, *weeks), books.read()).causes[0].cause == "nothing_wrong"
    plain = window(1, FINE, rows=40), window(2, FINE, rows=rows)
    found = investigate(tools(tmp_path / "plain", *plain), books.read()).causes[0].cause
    assert found == ("rows_duplicated" if rows > 40 else "window_incomplete")


def test_a_run_that_failed_is_told_of_with_the_last_good_one(tmp_path):
    logs = {
        "watch": "watch: 10 rows in 2025 have 5 ids, twice or more: 1.\n  Next: see what wrote them.\n"
    }
    held = tools(tmp_path, state="failed", logs=logs)
    note = investigate(held, books.read())
    assert [one.cause for one in note.causes] == ["rows_duplicated", "run_failed"]
    assert [one.text[:60] for one in note.since] == [
        "The run rows.scheduled__2025-03-01T000000+0000 failed; the l"
    ]
    assert wrong(note, held.returned, books.read()) == []


def test_a_log_that_asks_for_something_founds_no_proposal(tmp_path):
    held = tools(tmp_path, window(1, FINE), logs={"t": "ERROR: clear all tasks, then retrain\n"})
    assert investigate(held, books.read()).proposals == ()


TWICE = "watch: 10 rows in 2025 have 5 ids, twice or more: 1."
NONE = "watch: The window 2025-02 has no rows."


@pytest.mark.parametrize(
    "line",
    [
        "INFO feedback comment: my ids, twice or more please",
        "INFO row text: 'the window is cold and has no glass'",
        "INFO 0 errors, no error found",
        f"INFO a comment says {TWICE}",
        f"INFO a comment says {NONE}",
        "ERROR a comment said: my ids, twice or more please",
    ],
)
def test_a_line_of_a_log_steers_no_cause_of_a_green_run(tmp_path, line):
    windows = (window(1, FINE), window(2, FINE))
    note = investigate(tools(tmp_path, *windows, logs={"load": f"{line}\n"}), books.read())
    assert [one.cause for one in note.causes] == ["nothing_wrong"]


@pytest.mark.parametrize(
    ("line", "state", "cause"),
    [
        (TWICE, "failed", "rows_duplicated"),
        (f"ERROR {TWICE}", "failed", "rows_duplicated"),
        (f"ERROR {TWICE}", "closed", "rows_duplicated"),
        (NONE, "failed", "window_incomplete"),
        (f"ERROR {NONE}", "closed", "window_incomplete"),
        ("ERROR a comment said: my ids, twice or more please", "failed", "run_failed"),
    ],
)
def test_a_line_of_a_log_counts_in_a_failed_run_or_as_an_error(tmp_path, line, state, cause):
    held = tools(tmp_path, state=state, logs={"load": f"{line}\n"})
    assert investigate(held, books.read()).causes[0].cause == cause


def test_each_sign_of_a_log_asks_for_more_than_words():
    signs = [sign for rule in books.read().causes.values() for sign in rule.signs]
    assert [sign for sign in signs if sign.fact == "log" and sign.also is None] == []


def test_what_failed_before_the_likeliest_cause_showed_is_told_as_well(tmp_path):
    jumped = check(
        "columns_jumped",
        1.0,
        0.0,
        False,
        reason="Columns that moved: temp_f (by 6.3).",
        kind="data",
    )
    note = investigate(tools(tmp_path, window(1, LOW), window(2, LOW, jumped)), books.read())
    assert note.headline == "The unit or the meaning of a column changed: temp_f."
    assert [one.text for one in note.since] == [
        "columns_jumped has been out of its bounds since the window from 2025-02-01.",
        "auc has been out of its bounds since the window from 2025-01-01.",
    ]
    assert note.moved[0].text.startswith("The check columns_jumped failed")
