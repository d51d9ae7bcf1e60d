"""The page of one run, from what Airflow, its card and its experiment say."""

import dvc_reports_answers
from dvc_reports_run import run_page
from dvc_reports_runs import Seen
from seen_runs import HOME, NOON, seen
from small_git import commit, shell

from include.pipeline.closing.card import Card
from include.pipeline.cost import Cost
from include.pipeline.history import PastRun


def test_the_page_of_a_run_says_what_each_task_made_and_what_changed():
    held = ("reports/docs/index.html", "reports/drift.html", "reports/drift.json")
    now = {"metrics/drift.json:auc": 0.75, "metrics/fit.json:loss": 0.5}
    before = seen(1, metrics={"metrics/drift.json:auc": 0.8}, params={"depth": 6, "gone": 1})
    cost = {"fit": Cost(wall_s=2, cpu_s=3, ran=True), "check": Cost()}
    run = seen(2, state="hurts", reports=held, metrics=now, params={"depth": 7}, cost=cost)
    page = run_page(run, before, HOME, "ticket")
    assert [tab.text for tab in page.tabs] == ["summary", "docs", "drift"]
    topics = {topic.task: topic for topic in page.topics}
    assert topics["report_drift"].name == "drift"
    [figure] = topics["report_drift"].figures
    assert (figure.value, figure.before, figure.change) == ("0.75", "0.8", "−0.05")
    assert [topic.name for topic in page.topics if topic.task == "check"] == ["docs"]
    assert [(c.name, c.before, c.after) for c in page.changes.params] == [
        ("depth", "6", "7"),
        ("gone", "1", "-"),
    ]
    assert [row[:3] for row in page.cost.rows] == [
        ["fit", "2", "3"],
        ["check", "0", "0"],
        ["all", "2", "3"],
    ]


def test_the_page_of_a_task_has_its_own_reports_and_numbers_alone():
    held = ("reports/docs/index.html", "reports/drift.html")
    run = seen(reports=held, metrics={"metrics/fit.json:loss": 0.5})
    page = run_page(run, None, HOME, "ticket", "report_drift")
    assert [topic.task for topic in page.topics] == ["report_drift"]
    assert (page.changes, page.cost) == (None, None)
    assert run_page(run, None, HOME, "ticket", "open_run").topics == []


def test_a_verdict_leads_to_the_page_beside_it_or_to_itself():
    for held, name in (("reports/drift.html", "drift.html"), ("reports/other.html", "drift.json")):
        run = seen(state="moved", reports=(held, "reports/drift.json"))
        [verdict] = run_page(run, None, HOME, "ticket").entry.verdicts
        assert verdict.source.href.endswith(f"&show=reports%2F{name}")


def test_a_report_is_framed_if_it_is_one_of_the_run():
    run = seen(reports=("reports/a b.html",))
    page = run_page(run, None, HOME, "ticket", show="reports/a b.html")
    assert page.shown.href == "./~/ticket/reports/a%20b.html"
    assert run_page(run, None, HOME, "ticket", show="../secrets.json").shown is None


def test_an_address_of_no_report_of_the_run_shows_its_summary_as_it_is(monkeypatch):
    run, before = (seen(n, reports=("a.html",), params={"n": n}) for n in (2, 1))
    monkeypatch.setattr(dvc_reports_answers, "may_read", lambda user, dag_id: True)
    monkeypatch.setattr(dvc_reports_answers, "ticket", lambda *of: "ticket")
    held = lambda session, home, dags, run_id="": [run] if run_id else [run, before]  # noqa: E731
    monkeypatch.setattr(dvc_reports_answers, "runs_of", held)
    query = {"dag_id": "train", "run_id": "run-2"}
    summary = dvc_reports_answers.one_run(None, None, query).page
    assert "no earlier run" not in summary
    assert dvc_reports_answers.one_run(None, None, query | {"show": "b.html"}).page == summary
    assert "<iframe" in dvc_reports_answers.one_run(None, None, query | {"show": "a.html"}).page


def test_code_that_changed_is_named_with_the_stages_that_were_made_anew(tmp_path):
    shell(tmp_path, "git", "init", "--quiet")
    commits = []
    for code in ("aaaa", "bbbb"):
        lock = f"stages:\n  fit:\n    deps: [{{path: fit.py, md5: {code}}}]\n"
        (tmp_path / "dvc.lock").write_text(f"{lock}    outs: [{{path: model, md5: {code}}}]\n")
        commit(tmp_path)
        commits.append(shell(tmp_path, "git", "rev-parse", "HEAD").strip())
    card = Card("train", "run", repo=str(tmp_path))
    old, new = (
        Seen("train", "run", NOON, "success", card=card, past=PastRun("run", sha))
        for sha in commits
    )
    found = run_page(new, old, HOME, "ticket").changes
    assert [(c.name, c.before, c.after) for c in found.sources] == [("fit.py", "aaaa", "bbbb")]
    assert list(found.made) == ["fit"]
    broken = Seen("train", "run", NOON, "success", card=card, past=PastRun("run", "0" * 40))
    assert run_page(new, broken, HOME, "ticket").changes.sources == []
