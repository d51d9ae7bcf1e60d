"""What a report says of several windows is drawn, as far as it can be read."""

import json
from pathlib import Path

import pytest
from dvc_reports_windows import number, windows_of

JUNE = {"start": "2013-06-01", "end": "2013-07-01", "state": "steady", "signals": {"auc": 0.8}}
JULY = {"start": "2013-07-01", "end": "2013-08-01", "state": "hurts"}
JULY |= {"signals": {"auc": 0.7, "cost": None, "log_loss": 0.5, "odd": "x"}}
JULY |= {
    "checks": [{"passed": False, "reason": "The AUC fell."}, {"passed": True, "reason": "No."}]
}


def test_windows_are_the_newest_first_and_signals_go_from_the_oldest(tmp_path):
    (tmp_path / "watch.json").write_text(json.dumps({"windows": [JUNE, JULY]}))
    windows, trends = windows_of(tmp_path, ["watch.html", "watch.json"])
    assert [(one.dates, one.verdict.state) for one in windows] == [
        ("2013-07-01 to 2013-08-01", "hurts"),
        ("2013-06-01 to 2013-07-01", "steady"),
    ]
    assert windows[0].verdict.sentence == "The AUC fell."
    assert [(one.name, one.values) for one in trends] == [
        ("auc", [0.8, 0.7]),
        ("log_loss", [None, 0.5]),
    ]
    assert 'over 2 windows"' in trends[0].drawn


@pytest.mark.parametrize(
    "held",
    [
        "",
        "[]",
        '{"windows": 3}',
        '{"windows": [3]}',
        '{"windows": [{"state": "a"}]}',
        "[" * 100_000,
    ],
)
def test_a_report_without_windows_has_none(tmp_path: Path, held: str):
    (tmp_path / "a.json").write_text(held)
    assert windows_of(tmp_path, ["a.json", "none.json"]) == ([], [])


@pytest.mark.parametrize("value", [True, None, "1", 10**400, float("inf"), float("nan")])
def test_what_cannot_be_drawn_is_no_number(value):
    assert number(value) is None
