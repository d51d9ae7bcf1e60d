"""What the playbook's note says, and what it leaves out."""

from pathlib import Path
from typing import Any

import pytest
from assistant_evidence import FINE, window

from include.assistant.investigator import evidence, playbook
from include.assistant.investigator.evidence import About, Evidence, Run
from include.assistant.investigator.note import Note
from include.assistant.investigator.tools import Tools
from include.assistant.investigator.writing import investigate

BOOK = playbook.read()
UNSEEN = "Nothing was looked at: no window, check or gate of the run could be read."
OTHER = {"reports/other.json": {"rows": 3}}


def note_on(folder: Path, metrics: dict[str, float], reports: dict[str, Any], **more: Any) -> Note:
    """The note on a closed run with these numbers and reports."""
    run = Run(name="a.now", dag_id="a", state="closed", metrics=metrics, **more)
    evidence.write(folder, About(run=run.name, runs=(run,)), {run.name: reports}, {})
    return investigate(Tools(Evidence(folder)), BOOK)


@pytest.mark.parametrize("reports", [{}, OTHER], ids=["none", "of another form"])
def test_what_nobody_looked_at_is_not_called_fine(tmp_path, reports):
    note = note_on(tmp_path, {}, reports)
    assert (note.headline, note.causes) == (UNSEEN, ())


@pytest.mark.parametrize(
    ("metrics", "cause"),
    [
        ({"metrics/promotion.json:passed": 0, "metrics/promotion.json:failed_gates": 3}, "promotion_refused"),
        ({"metrics/watch.json:hurts": 1}, "alarm_unread"),
        ({"metrics/watch.json:blind": 1}, "alarm_unread"),
        ({"metrics/watch.json:alarms": 2}, "alarm_unread"),
    ],
    ids=["refused", "hurts", "blind", "alarms"],
)  # fmt: skip
@pytest.mark.parametrize("reports", [{}, OTHER], ids=["none", "of another form"])
def test_numbers_that_count_trouble_speak_against_nothing_being_wrong(
    tmp_path, metrics, cause, reports
):
    note = note_on(tmp_path, metrics, reports)
    assert [one.cause for one in note.causes] == [cause]


@pytest.mark.parametrize(
    "report",
    [
        {"windows": [window(1, FINE)]},
        {"verdict": {"state": "steady"}, "checks": [FINE]},
        {"verdict": "passed", "gates": [{"name": "auc", "passed": True, "reason": "It is."}]},
    ],
    ids=["a window", "a check", "a gate"],
)
def test_nothing_is_wrong_where_a_window_a_check_or_a_gate_passed(tmp_path, report):
    passed = {"metrics/promotion.json:passed": 1, "metrics/promotion.json:failed_gates": 0}
    note = note_on(tmp_path, passed, {"reports/x.json": report})
    assert [one.cause for one in note.causes] == ["nothing_wrong"]
    assert "failed" not in " ".join(claim.text for claim in note.claims)


def test_a_run_whose_gates_refused_it_is_no_good_one():
    refused = {"metrics/promotion.json:passed": 0.0}
    assert Run(name="a", state="closed").good
    assert not Run(name="a", state="closed", metrics=refused).good
    assert not Run(name="a", state="closed", metrics={"metrics/drift.json:hurts": 1.0}).good
