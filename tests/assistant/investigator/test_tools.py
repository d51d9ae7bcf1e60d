"""The tools: they read, they are bounded, and what they return is text without secrets."""

import pytest
from assistant_evidence import GOOD, LOW, NOW, WINDOWS, put, stage, tools, window

from include.assistant.investigator.evidence import Alert, Evidence
from include.assistant.investigator.tools import (
    NAMES,
    OfDocuments,
    OfLog,
    OfNumbers,
    OfRun,
    Tools,
)
from include.assistant.passages import Hit
from include.errors import DataError


def test_the_run_in_alarm_comes_first_then_alerts_then_the_runs_before(tmp_path):
    alert = Alert(title="auc is beyond its limit", since="2025-03-01T00:00:00+00:00")
    found = tools(tmp_path, *WINDOWS, alerts=(alert,)).list_runs(OfRun())
    assert [fact.id for fact in found.facts] == [f"run:{NOW}", "alert:0", f"run:{GOOD}"]
    assert found.note == f"The run in alarm is {NOW}."


def test_a_metric_stands_beside_that_of_the_last_good_run(tmp_path):
    [auc] = tools(tmp_path).metrics_of(OfNumbers()).facts
    assert auc.said == "metrics/watch.json:auc is 0.55; in the last good run it was 0.75."


def test_an_answer_is_bounded_and_says_how_much_it_left_out(tmp_path):
    found = tools(tmp_path, *WINDOWS).drift_of(OfNumbers(limit=2))
    assert [fact.id for fact in found.facts] == ["window:2025-03-01", "check:auc"]
    assert found.left_out == 3  # rows, labelled and auc as signals


def test_what_may_be_cited_is_what_was_returned(tmp_path):
    held = tools(tmp_path, *WINDOWS)
    held.drift_of(OfNumbers(limit=2))
    held.slices_of(OfRun(limit=1))
    assert [*held.returned] == ["window:2025-03-01", "check:auc", "slice:city C05"]
    assert held.calls == 2


def test_facts_of_another_run_have_its_name_in_their_ids(tmp_path):
    found = tools(tmp_path).metrics_of(OfNumbers(run=GOOD))
    assert [fact.id for fact in found.facts] == [f"metric:{GOOD}:metrics/watch.json:auc"]


def test_what_changed_is_told_against_the_last_good_run(tmp_path):
    stages = ({"a": stage("out", "2", code="2")}, {"a": stage("out", "1", code="1")})
    found = tools(tmp_path, stages=stages).changes_since_good(OfRun())
    assert [fact.id for fact in found.facts] == ["change:a:code:code"]
    assert found.note == f"Against the good run {GOOD}: changed."


def test_without_a_good_run_or_a_lockfile_nobody_knows_what_changed(tmp_path):
    held = tools(tmp_path)
    assert held.changes_since_good(OfRun()).note == "The dvc.lock of one of the two is not known."
    assert held.changes_since_good(OfRun(run=GOOD)).note == "No good run before it is known."


LOGS = {"build": "one\n\ntwo\n", "train": "three\nERROR four\nfive\n"}


def test_a_log_is_read_from_its_end_or_searched(tmp_path):
    held = tools(tmp_path, logs=LOGS)
    last = held.task_log(OfLog(task="train", limit=2))
    assert [(fact.id, fact.said) for fact in last.facts] == [
        ("log:train:2", "ERROR four"),
        ("log:train:3", "five"),
    ]
    assert last.left_out == 1
    assert [fact.id for fact in held.task_log(OfLog(search="error")).facts] == ["log:train:2"]
    assert held.task_log(OfLog(search="nothing")).note == "No line of a log is like that."


def test_what_is_not_there_is_refused_with_the_nearest_name(tmp_path):
    held = tools(tmp_path, logs=LOGS)
    with pytest.raises(DataError) as no_task:
        held.task_log(OfLog(task="trian"))
    with pytest.raises(DataError) as no_run:
        held.drift_of(OfNumbers(run=NOW[:-1]))
    assert (
        str(no_task.value)
        == "The run has no log of a task 'trian'. Did you mean 'train'?\n  Next: leave it empty."
    )
    assert str(no_run.value) == (
        f"There is no evidence of a run {NOW[:-1]!r}. Did you mean {NOW!r}?\n  Next: list the runs first."
    )


def test_secrets_are_masked_and_signs_that_mislead_are_taken_out(tmp_path):
    line = "password=hunter2 \x1b[31mred\u202e \ud7ff postgres://me:hunter2@db/x"
    [fact] = tools(tmp_path, logs={"t": line}).task_log(OfLog()).facts
    assert fact.said == fact.text == "password=*** red  \ud7ff postgres://***@db/x"


def test_a_text_without_end_is_cut(tmp_path):
    [fact] = tools(tmp_path, logs={"t": "x" * 5000}).task_log(OfLog()).facts
    assert len(fact.said) == 803


def test_links_out_of_the_evidence_are_not_followed(tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text('{"windows": [], "key": "hunter2"}')
    held = put(tmp_path / "evidence", *WINDOWS)
    (held.folder / "logs" / NOW).mkdir(parents=True)
    (held.folder / "logs" / NOW / "x.log").symlink_to(secret)
    (held.folder / "reports" / NOW / "x.json").symlink_to(secret)
    assert held.logs() == {}
    assert [path for path, _ in held.reports()] == ["reports/watch.json"]


@pytest.mark.parametrize("name", ["../secrets", "", "a/b", "."], ids=["up", "none", "two", "here"])
def test_a_run_has_a_name_that_leads_nowhere_else(tmp_path, name):
    put(tmp_path)
    path = tmp_path / "evidence.json"
    path.write_text(path.read_text().replace(GOOD, name))
    with pytest.raises(DataError, match="is no evidence: runs.1.name: String should match pattern"):
        Evidence(tmp_path)


def test_a_folder_without_evidence_says_how_to_gather_it(tmp_path):
    with pytest.raises(DataError) as error:
        Evidence(tmp_path)
    assert str(error.value) == (
        f"{tmp_path} holds no evidence.json: it is no evidence.\n"
        "  Next: gather it with `python -m include.assistant.investigate`."
    )


class Shelf:
    def search(self, question: str, limit: int = 10) -> list[Hit]:
        hit = Hit(
            "p1", "docs", "a.md", "s", ("A", "B"), f"About {question}", "MIT", "https://x", 1, 1, 1
        )
        return [hit][:limit]


def test_documents_are_found_where_there_is_an_index(tmp_path):
    evidence = put(tmp_path)
    assert (
        Tools(evidence).search_documents(OfDocuments(question="drift")).note
        == "There is no index of documents."
    )
    [fact] = Tools(evidence, Shelf()).search_documents(OfDocuments(question="drift")).facts
    assert (fact.id, fact.said, fact.title) == ("document:p1", "About drift", "A > B")


def test_no_tool_writes_anything(tmp_path):
    held = tools(tmp_path, window(1, LOW), logs=LOGS)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    asks = {"metrics_of": OfNumbers, "drift_of": OfNumbers, "task_log": OfLog}
    for name in NAMES[:-1]:
        getattr(held, name)(asks.get(name, OfRun)())
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
