"""What the stage watch_assistant promises: each fault has its alarm, and no log is no fault."""

import json
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from assistant_log import ask, feedback, logged, packed, refused, reply, week
from assistant_watched import alarms, asks, params, watched

from include.alerts.looking import at_window
from include.errors import DataError, ParamsError
from include.monitoring.policy_files import read_windows


def test_without_a_log_it_says_so_and_all_is_well(tmp_path):
    report = watched(tmp_path, params())
    assert (report["verdict"]["state"], report["windows"]) == (None, [])
    assert report["verdict"]["sentence"].startswith("No question was watched: ")
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics == {"windows": 0, "alarms": 0, "stale_sources": 0}
    assert "Not watched." in (tmp_path / "page.html").read_text()


def test_weeks_in_which_all_is_well_are_steady(tmp_path):
    told = [
        *asks(0),
        *asks(1),
        *(reply(at=week(1)) for _ in range(9)),
        feedback(100, True, week(1)),
    ]
    report = watched(tmp_path, params(str(logged(tmp_path, *told))))
    assert [one["state"] for one in report["windows"]] == ["steady", "steady"]
    assert report["verdict"] == {
        "state": "steady",
        "sentence": "2026-06-08: The assistant answers as it should.",
        "to_do": "Nothing to mend.",
        "alarms": [],
    }
    signals = report["windows"][-1]["signals"]
    some = ("questions", "refused_share", "useful_share", "latency_p99_ms", "tokens_in", "cost")
    assert {name: signals[name] for name in some} == {
        "questions": 40,
        "refused_share": 0.0,
        "useful_share": 1.0,
        "latency_p99_ms": 10.0,
        "tokens_in": 4000,
        "cost": 0.4,
    }


def test_calls_that_were_kept_are_not_paid_again(tmp_path):
    told = [*asks(0), *asks(1), ask(99, week(1), cost=0.01, cached=True)]
    signals = watched(tmp_path, params(str(logged(tmp_path, *told))))["windows"][-1]["signals"]
    assert (signals["tokens_in"], signals["cost"], signals["questions"]) == (4000, 0.4, 41)


MOVED = [
    ask(
        100 + n,
        week(1),
        vector=packed(np.eye(8)[0] * 9 + np.random.default_rng(n).normal(size=8)),
    )
    for n in range(40)
]
FAULTS = {
    "refused_share": asks(1, 20) + asks(1, 20, refused),
    "citations_failed_share": asks(1, 30)
    + asks(1, 10, refused, cause="unsupported", citations_failed=True),
    "failed_share": asks(1, 30) + asks(1, 10, refused, cause="budget"),
    "useful_share": asks(1) + [feedback(100 + n, n < 2, week(1)) for n in range(12)],
    "question_drift_auc": MOVED,
    "error_rate": [*asks(1), reply(503, week(1)), reply(200, week(1))],
    "latency_p99_ms": [*asks(1), ask(150, week(1), latency_ms=2000.0)],
    "cost": asks(1, cost=0.03),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_own_alarm(tmp_path, fault):
    parquet = logged(tmp_path, *asks(0), *FAULTS[fault])
    report = watched(tmp_path, params(str(parquet)))
    assert alarms(report) == {fault}
    kind = {check["name"]: check["kind"] for check in report["windows"][-1]["checks"]}[fault]
    state = {"hurts": "hurts", "moved": "moved", "service": "steady"}[kind]
    outage = fault in ("failed_share", "error_rate")  # who gets no answer is hurt
    assert report["verdict"]["state"] == ("hurts" if outage else state)
    assert json.loads((tmp_path / "metrics.json").read_text())["alarms"] == 1
    told = at_window("assistant_watch", report["windows"][-1], (kind,))
    assert [name for name, alarm in told.items() if alarm] == [f"assistant_watch:{fault}"]
    assert fault.replace("_", " ") in report["verdict"]["sentence"]
    assert report["verdict"]["to_do"] != "Nothing to mend."


@pytest.mark.parametrize("before", [{"encoder": "of-before"}, {"encoder": None}], ids=str)
def test_what_another_encoder_read_is_no_drift(tmp_path, before):
    report = watched(tmp_path, params(str(logged(tmp_path, *asks(0, **before), *MOVED))))
    assert alarms(report) == set()
    [told] = [c for c in report["windows"][-1]["checks"] if c["name"] == "question_drift_auc"]
    assert (told["value"], told["reason"]) == (
        None,
        "question_drift_auc was not measured: another encoder read the questions before, so that "
        "their vectors say nothing here.",
    )


def test_a_log_of_before_encoders_were_told_is_watched(tmp_path):
    parquet = logged(tmp_path, *asks(0), *MOVED)
    for file in parquet.glob("day=*/*.parquet"):
        pl.read_parquet(file).drop("encoder").write_parquet(file)
    assert alarms(watched(tmp_path, params(str(parquet)))) == {"question_drift_auc"}


def test_one_refusal_of_two_questions_is_no_alarm(tmp_path):
    told = [ask(1, week(1)), refused(2, week(1))]
    report = watched(tmp_path, params(str(logged(tmp_path, *asks(0), *told))))
    assert alarms(report) == set()
    assert report["windows"][-1]["signals"]["refused_share"] == 0.5


def test_a_line_that_cannot_be_read_is_an_alarm_of_its_day(tmp_path):
    parquet = logged(tmp_path, *asks(0), *asks(1), b"garbage\n")
    [file] = (parquet / "quarantined").rglob("*.parquet")
    day = date.fromisoformat(file.parent.name.removeprefix("day="))
    report = watched(tmp_path, params(str(parquet), end=day + timedelta(days=7), windows=1))
    assert "quarantined" in alarms(report)


def test_a_week_without_a_question_is_blind_and_says_where_to_look(tmp_path):
    report = watched(tmp_path, params(str(logged(tmp_path, *asks(0)))))
    assert [one["state"] for one in report["windows"]] == ["steady", "blind"]
    assert alarms(report) == {"questions"}
    assert report["verdict"]["to_do"] == "See LEEWAY_SERVE_LOG, and whether anybody asks."


def test_weeks_before_the_log_began_are_not_judged(tmp_path):
    report = watched(tmp_path, params(str(logged(tmp_path, *asks(1)))))
    assert [one["start"] for one in report["windows"]] == ["2026-06-08"]


def test_stale_documents_are_told_also_without_a_log(tmp_path):
    stale = {"celery": {"package": "celery", "version": "5.6.2"}}
    (tmp_path / "logged").mkdir()
    for settings in (params(), params(str(logged(tmp_path, *asks(1))))):
        report = watched(tmp_path, settings, stale)
        assert report["stale"] == [
            {"source": "celery", "package": "celery", "version": "5.6.2", "locked": "5.6.3"}
        ]
        assert report["verdict"]["to_do"].startswith("Raise the versions in sources.yaml")
        assert "celery (5.6.2, locked 5.6.3)" in report["verdict"]["alarms"][0]
        assert json.loads((tmp_path / "metrics.json").read_text())["alarms"] == 1
    assert alarms(report) == {"stale_sources"}


def test_unanswered_questions_are_told_by_the_section_that_came_nearest(tmp_path):
    told = [
        *asks(1, 3, refused, hits=[["p2", 0.3, 0.3]]),
        refused(200, week(1), hits=[["p3", 0.2, 0.2]], question="Why <b>red</b>?"),
        refused(201, week(1), hits=[["gone", 0.2, 0.2]]),
        refused(202, week(1), hits=[], cause="provider"),
    ]
    report = watched(tmp_path, params(str(logged(tmp_path, *told))))
    found = [(one["section"], one["questions"], one["texts"]) for one in report["unanswered"]]
    assert found == [
        ("Serving > The token", 3, []),
        ("", 1, []),
        ("Drift", 1, ["Why <b>red</b>?"]),
    ]
    assert report["unanswered"][0]["ids"] == ["q102", "q101", "q100"]
    page = (tmp_path / "page.html").read_text()
    assert "Why &lt;b&gt;red&lt;/b&gt;?" in page and "<b>red</b>" not in page


def test_the_last_word_of_feedback_counts_and_that_of_strangers_does_not(tmp_path):
    later = week(1) + timedelta(days=1)
    told = [feedback(100, False, week(1)), feedback(100, True, later), feedback(999, False, later)]
    report = watched(tmp_path, params(str(logged(tmp_path, *asks(1), *told))))
    newest = report["windows"][-1]
    assert (newest["labelled"], newest["signals"]["useful_share"]) == (1, 1.0)
    [reason] = [c["reason"] for c in newest["checks"] if c["name"] == "useful_share"]
    assert "1 more ratings are of questions that the log does not have" in reason


def test_alerts_and_policies_read_it_as_they_read_a_model(tmp_path):
    report = watched(tmp_path, params(str(logged(tmp_path, *asks(0), *asks(1, 40, refused)))))
    found = at_window("assistant_watch", report["windows"][-1], ("hurts", "data", "service"))
    assert [name for name, alarm in found.items() if alarm] == ["assistant_watch:refused_share"]
    windows = read_windows(tmp_path / "report.json")
    assert windows[-1].signals["refused_share"] == 1.0


def test_the_same_log_gives_the_same_bytes_and_another_is_refused(tmp_path):
    parquet = str(logged(tmp_path, *asks(0), *asks(1)))
    first = watched(tmp_path, params(parquet))
    before = {file: file.read_bytes() for file in tmp_path.glob("*.*")}
    watched(tmp_path, params(parquet, first["log_md5"]))
    assert {file: file.read_bytes() for file in tmp_path.glob("*.*")} == before
    with pytest.raises(DataError, match=f"has the md5 {first['log_md5']}, and log.md5 asks for"):
        watched(tmp_path, params(parquet, "0" * 32))


def test_a_log_of_predictions_is_no_log_of_questions(tmp_path):
    place = tmp_path / "parquet" / "day=2026-06-08"
    place.mkdir(parents=True)
    rows = {"at": [week(1)], "id": ["a"], "probability": [0.5]}
    pl.DataFrame(rows).cast({"at": pl.Datetime("us", "UTC")}).write_parquet(place / "x.parquet")
    with pytest.raises(DataError, match="has no column kind of the kind String."):
        watched(tmp_path, params(str(tmp_path / "parquet")))


@pytest.mark.parametrize(
    ("log", "said"),
    [("log", "give the whole path"), ("/nowhere/at/all", "is no folder")],
    ids=["a part of the path", "nothing there"],
)
def test_a_log_that_is_not_there_says_what_to_do(tmp_path, log, said):
    with pytest.raises((DataError, ParamsError), match=said):
        watched(tmp_path, params(log))
