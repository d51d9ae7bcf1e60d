"""Reports side by side: each is told of, the worst first, and none hides another."""

import json
from dataclasses import asdict, replace

import pytest
from assistant_evidence import FINE, WINDOWS, put, window

from include.assistant.investigator import evidence, playbook, reports
from include.assistant.investigator.agent import alarms_of
from include.assistant.investigator.evidence import About, Evidence, Run
from include.assistant.investigator.gathering.tree import verdicts
from include.assistant.investigator.tools import OfNumbers, OfRun, Tools
from include.assistant.investigator.writing import investigate
from include.monitoring.drift_limits import Check
from include.monitoring.gates import Limit, hold

HURTS, STEADY = "reports/watch.json", "include/other/reports/watch.json"


def beside(folder, *windows, name=STEADY):
    """Evidence of a run that hurts, with another report beside it."""
    held = put(folder, *WINDOWS)
    path = held.folder / "reports" / held.about.run / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(evidence.as_text({"windows": [*windows]}))
    return Tools(held)


def test_checks_of_a_report_without_windows_are_told_as_well():
    low = Check("auc", 0.61, 0.68, False, "The AUC is 0.610; at least 0.68 is asked for.", "hurts")
    report = {
        "verdict": {"state": "hurts"},
        "checks": [asdict(replace(low, name="fine", passed=True)), asdict(low)],
    }
    found = reports.seen([("reports/drift.json", report)], "")
    assert [(one.id, one.state, one.since) for one in found] == [
        ("check:reports/drift.json:auc", "failed", ""),
        ("check:reports/drift.json:fine", "passed", ""),
    ]
    assert found[0].said == "The check auc failed: The AUC is 0.610; at least 0.68 is asked for."


@pytest.mark.parametrize(
    "held",
    [
        {},
        {"windows": None},
        {"windows": [1, {}]},
        {"windows": [{"start": 1, "signals": {}, "checks": []}]},
    ],
    ids=["nothing", "none", "other things", "no date"],
)
def test_a_report_of_another_form_has_no_windows(held):
    assert reports.windows_of([("a.json", held)]) == []


def test_a_steady_report_hides_no_other_one(tmp_path):
    alone = investigate(Tools(put(tmp_path / "alone", *WINDOWS)), playbook.read())
    tools = beside(tmp_path / "beside", window(3, FINE))
    note = investigate(tools, playbook.read())
    assert note.headline == alone.headline != "Nothing is wrong, by what was looked at."
    assert note.moved[0].text.startswith(f"By {HURTS}: The check auc failed")
    assert [*alarms_of(tools)] == [f"check:{HURTS}:auc"]


def test_each_fact_names_its_report_and_the_worst_comes_first(tmp_path):
    tools = beside(tmp_path, window(3, FINE))
    told = [fact for fact in tools.drift_of(OfNumbers()).facts if fact.id.startswith("window:")]
    assert [(fact.report, fact.state) for fact in told] == [(HURTS, "hurts"), (STEADY, "steady")]
    assert [fact.id for fact in told] == [
        f"window:{HURTS}:2025-03-01",
        f"window:{STEADY}:2025-03-01",
    ]
    groups = tools.slices_of(OfRun()).facts
    assert [fact.report for fact in groups] == [HURTS, HURTS, STEADY, STEADY]


def test_what_failed_is_told_before_a_flood_of_what_did_not(tmp_path):
    flood = {f"n{place}": 1.0 for place in range(100)}
    tools = beside(tmp_path, {**window(3, FINE, **flood), "state": "failed"}, name="a/watch.json")
    assert [*alarms_of(tools)] == [f"check:{HURTS}:auc"]


def test_nothing_is_wrong_only_if_no_report_says_otherwise(tmp_path):
    held = {**window(3, FINE), "state": "blind"}
    note = investigate(Tools(put(tmp_path, held)), playbook.read())
    assert "nothing_wrong" not in [one.cause for one in note.causes]


def refused(folder):
    """Evidence of a run whose promotion was refused by one of two gates, and one without a number."""
    limits = {"ndcg": Limit(minimum=0.7), "recall": Limit(minimum=0.8), "auc": Limit(minimum=0.6)}
    gates = [asdict(one) for one in hold({"ndcg": 0.8, "recall": 0.5}, limits, "metrics/e.json")]
    report = {"verdict": "refused", "reason": "2 of 3 gates failed.", "gates": gates}
    told = dict(zip(("verdict", "sentence"), next(verdicts({"p": report})), strict=True))
    runs = (Run(name="a.bad", dag_id="a", state="closed", **told),)
    held = {"a.bad": {"reports/promotion.json": report}}
    evidence.write(folder, About(run="a.bad", runs=runs), held, {})
    return Tools(Evidence(folder))


def test_a_refused_promotion_is_a_cause_with_its_gates_and_next_steps(tmp_path):
    tools = refused(tmp_path)
    note = investigate(tools, playbook.read())
    assert [(one.cause, one.subject) for one in note.causes] == [("promotion_refused", "recall")]
    assert [one.text for one in note.moved] == [
        "The gate recall of reports/promotion.json failed: recall is 0.5; at least 0.8 is asked for.",
        "The gate auc of reports/promotion.json failed: metrics/e.json has no number auc.",
    ]
    assert (len(note.next_steps), note.proposals) == (3, ())
    assert [*alarms_of(tools)] == [
        "check:reports/promotion.json:gate recall",
        "check:reports/promotion.json:gate auc",
    ]


def test_a_gate_that_failed_is_not_hidden_by_one_of_its_name_that_passed(tmp_path):
    tools, gates = refused(tmp_path), {"name": "recall", "passed": True, "reason": "It is 1."}
    path = tmp_path / "reports/a.bad/reports/promotion.json"
    held = json.loads(path.read_text())
    path.write_text(json.dumps({**held, "gates": [*held["gates"], gates]}))
    assert investigate(tools, playbook.read()).causes[0].subject == "recall"
    states = {fact.id[-13:]: fact.state for fact in tools.drift_of(OfNumbers()).facts}
    assert (states["n:gate recall"], states["gate recall 2"]) == ("failed", "passed")


@pytest.mark.parametrize(
    ("report", "told"),
    [
        ({"verdict": "refused", "reason": "No."}, [("refused", "No.")]),
        ({"verdict": {"state": "hurts", "sentence": "It hurts."}}, [("hurts", "It hurts.")]),
        ({"state": "moved"}, [("moved", "")]),
        ({"windows": [{}, {"state": "blind", "sentence": "Dark."}]}, [("blind", "Dark.")]),
        ({"verdict": 1, "windows": [1]}, []),
    ],
    ids=["a word", "an object", "at the top", "of the last window", "none"],
)
def test_a_working_tree_has_the_verdict_of_each_form_of_report(report, told):
    assert [*verdicts({"reports/x.json": report})] == told
