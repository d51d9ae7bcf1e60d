"""Which run is looked into, and what of the files that it left can be read."""

import json
import os
import sqlite3

import pytest
from assistant_evidence import FINE, LOW, window
from assistant_site import BAD, DAG, GOOD, Site

from include.errors import DataError
from include.pipeline.names import run_name
from include.pipeline.workspace import reports_of

FAILED = {"event": "Task failed with exception", "level": "error", "logger": "task"}
NEVER = "2999-01-01T00:00:00Z"


@pytest.fixture
def site(tmp_path) -> Site:
    """A repository with one run that was closed and is steady."""
    made = Site(tmp_path)
    made.close(GOOD, "old", window(1, FINE, auc=0.75), opened=1_790_000_000.0)
    return made


def test_a_run_that_was_closed_and_then_failed_anew_has_failed(site, tmp_path):
    site.log(GOOD, "build", {"timestamp": NEVER, **FAILED})
    found = site.gathered("", tmp_path / "evidence")
    assert (found.run().run_id, found.run().state, found.run().good) == (GOOD, "failed", False)
    assert (found.run().verdict, found.run().metrics, [*found.reports()]) == ("", {}, [])


def test_the_last_good_run_is_one_before_it_though_its_logs_were_touched_later(site, tmp_path):
    site.log("early", "build", {"timestamp": "2000-01-01T00:00:00Z", **FAILED})
    os.utime(site.logs / f"dag_id={DAG}/run_id=early", (4e9, 4e9))
    found = site.gathered("", tmp_path / "evidence")
    assert [(run.run_id, run.opened[:4]) for run in found.about.runs] == [("early", "2000")]
    assert found.last_good() is None


def log_of(site: Site, dag_id: str, run_id: str) -> None:
    """A task of another DAG that failed."""
    folder = site.logs / f"dag_id={dag_id}/run_id={run_id}/task_id=x"
    folder.mkdir(parents=True)
    (folder / "attempt=1.log").write_text(json.dumps(FAILED) + "\n")


def test_an_id_that_several_dags_share_is_refused_with_the_names_of_the_runs(site, tmp_path):
    for dag_id in ("one", "two"):
        log_of(site, dag_id, BAD)
    with pytest.raises(DataError) as error:
        site.gathered(BAD, tmp_path / "evidence")
    assert str(error.value) == (
        f"2 runs have the id {BAD!r}: {run_name('two', BAD)}, {run_name('one', BAD)}.\n"
        "  Next: name one of them."
    )
    for name in (f"one.{BAD}", run_name("one", BAD)):
        assert site.gathered(name, tmp_path / "evidence").run().dag_id == "one"


def test_a_report_that_cannot_be_read_is_named_and_the_run_is_no_good_one(site, tmp_path):
    reports = reports_of(site.home, DAG, GOOD) / "reports"
    (reports / "half.json").write_text('{"windows": [')
    found = site.gathered("", tmp_path / "evidence")
    assert (found.run().unread, found.run().good) == (("reports/half.json",), False)
    assert [path for path, _ in found.reports()] == ["reports/watch.json"]


def test_a_large_report_is_read_however_it_was_indented(site, tmp_path):
    groups = [
        {"column": "city", "value": f"C{n:06}", "rows": 40, "gap": -0.25} for n in range(55_000)
    ]
    place = reports_of(site.home, DAG, GOOD) / "reports/watch.json"
    place.write_text(json.dumps({"windows": [{**window(1, LOW), "groups": groups}]}))
    assert 3_500_000 < place.stat().st_size < 4_000_000
    found = site.gathered(run_name(DAG, GOOD), tmp_path / "evidence")
    assert [len(held["windows"][0]["groups"]) for _, held in found.reports()] == [55_000]


@pytest.mark.parametrize(
    "text",
    [
        '{"dag_id": ["x"], "run_id": 5, "published": "late", "findings": 7}',
        f'{{"dag_id": "{DAG}", "run_id": "x", "published": 1e400, "findings": ["y"]}}',
        f'{{"dag_id": "{DAG}", "run_id": "x", "findings": [{{"state": "hurts", "sentence": "\\ud83d"}}]}}',
    ],
    ids=["other types", "no time", "half a sign"],
)
def test_a_damaged_card_of_one_run_costs_no_other_one(site, tmp_path, text):
    (site.home / f"reports/{DAG}/.odd.json").write_text(text)
    found = site.gathered(run_name(DAG, GOOD), tmp_path / "evidence")
    assert found.run().good


def test_half_a_sign_in_a_report_is_shown_as_a_question_mark(site, tmp_path):
    place = reports_of(site.home, DAG, GOOD) / "reports/watch.json"
    place.write_text('{"windows": [], "sentence": "\\ud83d and \\ud83d\\ude00"}')
    [(_, held)] = site.gathered("", tmp_path / "evidence").reports()
    assert held["sentence"] == "? and \U0001f600"


def test_a_damaged_line_of_the_alerts_is_told_as_it_stands(site, tmp_path):
    with sqlite3.connect(site.home / "alerts.db") as file:
        file.execute("CREATE TABLE incidents (key, title, details, since)")
        file.execute("INSERT INTO incidents VALUES ('a', NULL, 5, 'x'), ('b', 'c', NULL, 1e300)")
    file.close()
    alerts = site.gathered("", tmp_path / "evidence").about.alerts
    assert [(one.title, one.details, one.since) for one in alerts] == [
        ("c", "", ""),
        ("None", "5", ""),
    ]
