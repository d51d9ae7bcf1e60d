"""Facts of reports: what a check names, since when, and how far a number is from what is usual."""

import pytest
from assistant_evidence import FINE, LOW, WINDOWS, check, window

from include.assistant.investigator import watched
from include.monitoring.watch_looks import DISAGREE, EMPTIED, GONE, JUMPED, named
from include.monitoring.watch_verdict import GROUP, braced


def test_a_check_has_failed_since_the_first_window_of_an_unbroken_row():
    assert watched.since("auc", WINDOWS) == "2025-02-01"
    assert watched.since("auc", [window(1, LOW), window(2, FINE), window(3, LOW)]) == "2025-03-01"
    assert watched.since("auc", [window(1, LOW), window(2, FINE)]) == ""


def test_a_check_that_was_not_measured_has_not_failed():
    blind = check("auc", None, 0.6, False)
    [fact] = watched.checks([window(1, LOW), window(2, blind)], "")
    assert (fact.state, fact.since, fact.subjects) == ("not measured", "", ())


@pytest.mark.parametrize(
    ("found", "sentence", "wanted"),
    [
        ({"temp_f": "by 6.31, where 0.02 is the most before"}, JUMPED, ["temp_f"]),
        (
            {"firm VX": "3.0% of the rows before", "firm AA": "9.0% of the rows before"},
            GONE,
            ["firm VX", "firm AA"],
        ),
        ({"rain": "50.0% are empty, 0.0% before"}, EMPTIED, ["rain"]),
        ({"seats by firm": "0% explained, 54% before"}, DISAGREE, ["seats by firm"]),
    ],
    ids=["a jump", "values that are gone", "a column without values", "a pair"],
)
def test_what_a_check_is_about_is_read_from_the_sentence_that_monitoring_writes(
    found, sentence, wanted
):
    assert watched.subjects(named("any", found, sentence).reason) == wanted


def test_a_group_is_read_from_its_sentence_whatever_its_name():
    reason = f"In the group{braced(' city C05')} {GROUP}".format(-0.276)
    assert watched.subjects(reason) == ["city C05"]


def test_a_number_is_told_beside_the_windows_before():
    low = [
        window(month, rows=rows) for month, rows in [(1, 100), (2, 110), (3, 90), (4, 50), (5, 40)]
    ]
    rows = next(fact for fact in watched.signals(low, "") if fact.name == "rows")
    assert (rows.value, rows.usual, rows.since) == (40.0, 95.0, "2025-04-01")
    assert rows.ratio == pytest.approx(40 / 95)
    assert rows.said == (
        "rows is 40 in the window from 2025-05-01; before, it was 50 to 110, "
        "95 in the median of 4 windows; it has been a quarter off or more since 2025-04-01."
    )


def test_what_fails_comes_first_and_what_was_not_measured_after_it():
    checks = [FINE, check("b", None, 1, False), check("c", 2.0, 1, False)]
    assert [fact.name for fact in watched.checks([window(1, *checks)], "")] == ["c", "b", "auc"]


def test_a_group_has_its_gap_of_the_window_before():
    first, _ = watched.slices(WINDOWS, "")
    assert (first.id, first.rows, first.gap, first.before) == ("slice:city C05", 40, -0.25, -0.25)


def test_columns_of_a_drift_report_are_told_the_furthest_first():
    columns = {
        "calm": {"drifted": False, "statistic": 0.05, "threshold": 0.2, "weight": 0.7},
        "wild": {
            "drifted": True,
            "statistic": 0.5,
            "threshold": 0.2,
            "weight": 0.3,
            "since": "2025-02",
        },
    }
    found = [*watched.columns([("reports/drift.json", {"columns": columns})], "")]
    assert [(one.name, one.severity, one.drifted) for one in found] == [
        ("wild", 2.5, True),
        ("calm", 0.25, False),
    ]
    assert found[0].said == (
        "The column wild moved by 2.5 thresholds from the reference, since 2025-02; "
        "the model uses it for 0.3 of all."
    )
