"""Lists of runs, from what Airflow, cards and experiments say."""

from datetime import UTC, datetime, timedelta

import pytest
from dvc_reports_list import newest, pages, run_list, title
from dvc_reports_numbers import key_figures, trends
from dvc_reports_run import run_page
from dvc_reports_runs import Seen, cards_of, history, of_this, published, repo_of
from seen_runs import HOME, NOON, seen

from include.pages.runs.content import Filters
from include.pipeline.closing.card import Card, place_of, write_card
from include.pipeline.workspace import reports_of


def ids(runs) -> list[str]:
    return [run.run_id for run in runs]


def shown(runs, **filters) -> list[str]:
    """The runs that a list shows."""
    return [entry.run.text for entry in run_list(runs, HOME, Filters(**filters)).entries]


def test_the_newest_of_a_dag_is_the_newest_with_a_verdict():
    runs = [seen(4), seen(3, state="hurts"), seen(2, state="steady"), seen(1, dag_id="score")]
    assert [(run.dag_id, run.run_id) for run in newest(runs)] == [
        ("train", "run-3"),
        ("score", "run-1"),
    ]
    assert ids(newest([seen(2, state="moved"), seen(1, state="hurts")])) == ["run-2"]
    assert newest([seen(carded=False)]) == []


def test_a_dag_whose_last_run_failed_is_headed_by_it():
    good, bare = seen(1, state="steady"), seen(3, carded=False, failed=True)
    assert ids(newest([bare, seen(2, failed=True), good])) == ["run-3", "run-1"]
    assert ids(newest([seen(4, word="running", carded=False), bare, good])) == ["run-3", "run-1"]
    assert ids(newest([seen(2, state="steady", failed=True)])) == ["run-2"]
    assert ids(newest([seen(2, state="steady"), seen(1, failed=True)])) == ["run-2"]


@pytest.mark.parametrize(("word", "tone"), [("failed", "bad"), ("running", ""), ("queued", "")])
def test_a_run_that_failed_or_is_at_work_again_is_not_shown_by_an_old_verdict(word, tone):
    run = seen(state="steady", word=word)
    assert (shown([run], state=word), shown([run], state="steady")) == (["run-1"], [])
    page = run_list([run], HOME, Filters())
    [line] = page.entries
    assert (line.first.state, line.first.tone, line.first.sentence) == (word, tone, "")
    assert [verdict.state for verdict in line.others] == ["steady"]
    assert page.html.count("when it was closed:") == 2  # at the head, and in the list
    assert f'<li class="{tone}">' in page.html
    assert '<li class="good">' not in page.html
    one = run_page(run, None, HOME, "ticket").html
    assert one.index(f">{word}</span>") < one.index(">steady</span>")


def test_a_list_is_held_to_a_state_and_to_windows():
    runs = [seen(9, state="hurts", window="2013-03-01"), seen(8, state="steady"), seen(7)]
    runs += [seen(6, carded=False, failed=True)]
    assert shown(runs) == ["run-9", "run-8", "run-7", "run-6"]
    assert shown(runs, state="hurts") == ["run-9"]
    assert shown(runs, state="failed") == ["run-6"]
    # Run 9 is found by its window, the others by when they ran.
    assert shown(runs, until="2013-05-01") == ["run-9"]
    assert shown(runs, since="2013-06-08", until="2013-06-08") == ["run-7"]


def test_a_list_goes_by_pages_and_keeps_its_filters():
    runs = [seen(n) for n in range(120, 0, -1)]
    last = run_list(runs, HOME, Filters(dag_id="train"), page=3)
    assert (last.count, last.first, len(last.entries)) == (120, 101, 20)
    assert (last.newest, last.trends) == ((), [])
    links = pages(Filters(dag_id="a b", state="x&y"), 1, 120)
    assert [link.text for link in links] == ["1", "2", "3"]
    assert links[1].href == "./?dag_id=a%20b&state=x%26y&page=2"
    assert pages(Filters(), 1, 50) == []
    assert run_list(runs, HOME, Filters(), page=99).entries == []


def test_trends_are_of_one_dag_from_the_oldest_to_the_newest():
    runs = [seen(3, metrics={"m/drift.json:auc": 0.8}), seen(2), seen(1, metrics={"x:y": 1.0})]
    [trend] = trends(runs)
    assert (trend.name, trend.source) == ("auc", "m/drift.json")
    assert trend.values == [None, 0.8]
    assert run_list(runs, HOME, Filters()).trends == [trend]
    mixed = [*runs, seen(0, dag_id="score")]
    assert run_list(mixed, HOME, Filters()).trends == []


def test_a_number_that_moves_alike_in_two_files_is_drawn_once():
    both = {"metrics/drift.json:auc": 0.7, "metrics/evaluation.json:auc": 0.7}
    [trend] = trends([seen(2, metrics=both), seen(1, metrics=dict.fromkeys(both, 0.6))])
    assert (trend.source, trend.values) == ("metrics/drift.json", [0.6, 0.7])
    apart = seen(1, metrics={**both, "metrics/evaluation.json:auc": 0.8})
    assert len(trends([seen(2, metrics=both), apart])) == 2


def test_what_never_moved_is_drawn_of_each_file():
    none = {"metrics/train.json:failed": 0.0, "metrics/test.json:failed": 0.0}
    assert len(trends([seen(2, metrics=none), seen(1, metrics=none)])) == 2


def test_trends_of_a_task_are_of_what_it_made():
    held = {"metrics/fit.json:loss": 1.0, "metrics/drift.json:auc": 0.7}
    [trend] = trends([seen(metrics=held)], "fit")
    assert (trend.name, trend.source) == ("loss", "metrics/fit.json")


def test_many_trends_are_drawn_when_they_are_asked_for():
    runs = [seen(metrics={f"m:{n}": float(n) for n in range(20)})]
    few, all_ = (run_list(runs, HOME, Filters(dag_id="train"), whole=w) for w in (False, True))
    assert (len(few.trends), few.more.href) == (6, "./?dag_id=train&whole=1")
    assert (len(all_.trends), all_.more) == (20, None)


def test_the_first_numbers_are_those_that_tell_most_wherever_they_are_from():
    held = {
        "metrics/xgboost.json:auc": 0.1,
        "metrics/watch.json:auc": 0.7,
        "metrics/features.json:rows": 9.0,
        "metrics/evaluation.json:log_loss": 0.5,
        "metrics/deep.json:a.b.c": 1.0,
        "metrics/other.json:x": 2.0,
    }
    assert key_figures(held) == [("auc", 0.7), ("log_loss", 0.5), ("rows", 9.0), ("x", 2.0)]
    assert key_figures({}) == []


def test_a_run_that_an_older_version_closed_has_its_reports(tmp_path):
    run = Seen("train", "old", NOON, "success", created=NOON)
    assert published(tmp_path, run) == Card("train", "old")
    folder = reports_of(tmp_path, "train", "old")
    folder.mkdir(parents=True)
    (folder / "drift.html").write_text("x")
    assert published(tmp_path, run).reports == ("drift.html",)
    later = Seen("train", "old", NOON, "success", created=datetime.now(UTC) + timedelta(days=1))
    assert published(tmp_path, later) == Card("train", "old")


def test_reports_are_of_a_run_if_they_came_after_it():
    assert of_this(None, 0.0)
    assert of_this(NOON, NOON.timestamp())
    assert not of_this(NOON, NOON.timestamp() - 1)


def test_git_is_called_in_no_repository_that_a_worker_may_have_made(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__LEEWAY__HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AIRFLOW__LEEWAY__REPO", str(tmp_path / "home/repo"))
    made = tmp_path / "home/reports/evil"
    made.mkdir(parents=True)
    (tmp_path / "link").symlink_to(made)
    for place in (made, tmp_path / "link", made / "../evil"):
        assert repo_of(Card("a", "b", repo=str(place))) is None
    assert repo_of(Card("a", "b", repo=str(tmp_path / "other"))) == tmp_path / "other"
    assert repo_of(Card("a", "b")) == tmp_path / "home/repo"
    assert (history(None), history(tmp_path / "none")) == ({}, {})


def test_cards_are_read_again_when_they_were_written_again(tmp_path):
    write_card(tmp_path, ("train", "one"), window="2013-01-01")
    assert cards_of(tmp_path, "train")["one"].window == "2013-01-01"
    write_card(tmp_path, ("train", "one"), window="2013-02-01")
    assert cards_of(tmp_path, "train")["one"].window == "2013-02-01"
    # One that says that it is of another run is none of this DAG's.
    place_of(tmp_path, "train", "two").write_text(place_of(tmp_path, "train", "one").read_text())
    assert list(cards_of(tmp_path, "train")) == ["one"]
    assert cards_of(tmp_path, "none") == {}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("reports/drift.html", "drift"),
        ("reports/data_docs/index.html", "data docs"),
        ("index.html", "index"),
        ("a/b.c/long_name.tar.json", "long name.tar"),
    ],
)
def test_a_report_is_called_by_its_name_or_its_folders(path, name):
    assert title(path) == name
