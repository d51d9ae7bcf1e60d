"""A run is told of the trainings before it, once."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from parity import dvc_
from small_git import commit, shell

from include.errors import ParamsError
from include.pipeline.apart import Place
from include.pipeline.closing.close_run import close_run
from include.pipeline.cost import Cost
from include.pipeline.git.command import AUTHOR, git
from include.pipeline.history import PastRun, past_runs
from include.pipeline.names import run_name
from include.pipeline.opening.open_run import open_run
from include.pipeline.opening.trained import Trains, is_given, trainings, with_trained
from include.pipeline.past.fetching import fetch_experiments
from include.pipeline.past.record import Record, as_line
from include.pipeline.plan import load
from include.pipeline.reproduce import reproduce

UNTIL = "window.end"
TRAINED = {"past.trainings": f"train@{UNTIL}"}
RULE = Trains("train", UNTIL)
RAN, IDLE = Cost(ran=True, money=0.25), Cost()


def run(name: str, until: str | None, **cost: Cost) -> PastRun:
    params = {} if until is None else {UNTIL: until}
    return PastRun(name, "c", "train", name, datetime(2026, 1, 1, tzinfo=UTC), params, {}, cost)


def test_trainings_are_the_runs_in_which_something_ran_by_the_days_that_they_saw():
    runs = [
        run("late", "2013-08-01", fit=RAN, judge=RAN),
        run("idle", "2013-08-01", fit=IDLE),
        run("unmeasured", "2013-06-01"),
        run("early", "2013-05-01", fit=RAN, judge=IDLE),
        run("of another kind", None, fit=RAN),
        run("no-day", "2013-07-01; rm -r /", fit=RAN),
        run("no;name", "2013-07-01", fit=RAN),
        run("with-a-time", "2013-07-15T00:00:00Z", fit=RAN),
        run("without-prices", "2013-07-01", fit=Cost(ran=True)),
    ]
    assert trainings(runs, replace(RULE, cost=True)) == [
        {"run": "early", "until": "2013-05-01", "cost": 0.25},
        {"run": "unmeasured", "until": "2013-06-01", "cost": None},
        {"run": "without-prices", "until": "2013-07-01", "cost": None},
        {"run": "with-a-time", "until": "2013-07-15", "cost": 0.25},
        {"run": "late", "until": "2013-08-01", "cost": 0.5},
    ]


def test_a_run_that_made_no_model_is_no_training():
    limits = run("another limit", "2013-07-01", fit=IDLE, judge=RAN)
    runs = [run("fit", "2013-06-01", fit=RAN), replace(limits, name="limit")]
    assert [one["run"] for one in trainings(runs, RULE)] == ["fit", "limit"]
    by_stage = replace(RULE, stages=("fit", "other"))
    assert trainings(runs, by_stage) == [{"run": "fit", "until": "2013-06-01"}]
    part = run("part", "2013-07-01", **{"fit@a": RAN})
    assert [one["run"] for one in trainings([part], by_stage)] == ["part"]
    by_stage.see_that_known(["fit@a", "fit@b", "other"])
    with pytest.raises(ParamsError, match="trained names the stage 'other'"):
        by_stage.see_that_known(["fit", "others"])


def test_a_training_is_live_that_has_seen_what_the_live_model_has():
    runs = [
        replace(run("cached", "2013-06-01", fit=IDLE), commit="live"),
        run("by-hand", "2013-07-01", fit=RAN),
        run("fit", "2013-06-01", fit=RAN),
    ]
    assert [one.get("live") for one in trainings(runs, RULE, {"live"})] == [True, False]
    assert [one.get("live") for one in trainings(runs, RULE, {"gone"})] == [None, None]
    assert trainings(runs[:2], RULE, {"live"}) == [  # its model was made before the history begins
        {"run": "cached", "until": "2013-06-01", "live": True},
        {"run": "by-hand", "until": "2013-07-01", "live": False},
    ]


def test_what_costs_differs_between_clones_so_it_is_told_where_it_is_asked_for():
    here, there = run("one", "2013-06-01", fit=RAN), run("one", "2013-06-01", fit=Cost(ran=True))
    assert trainings([here], RULE) == trainings([there], RULE)
    dear = Trains.said("train@window.end@@fit@cost")
    assert dear == Trains("train", "window.end", "", ("fit",), cost=True)
    assert trainings([here], dear)[0]["cost"] == 0.25


@pytest.mark.parametrize("text", ["train", "@x", "train@x@@fit@price", "train@x@@fit@cost@more"])
def test_a_text_that_says_something_else_is_refused(text):
    with pytest.raises(ParamsError, match="trained says"):
        Trains.said(text)


def test_of_very_many_trainings_the_newest_are_told():
    runs = [run(f"{number:03}", "2013-08-01") for number in reversed(range(150))]
    found = trainings(runs, RULE)
    assert (len(found), found[0]["run"], found[-1]["run"]) == (100, "050", "149")


@pytest.mark.parametrize(
    ("values", "given"),
    [
        ({}, False),
        ({"past.trainings": []}, True),
        ({"past": {"trainings": []}}, True),
        ({"past": {"other": 1}, "past.train": 2, "pas": {"t.trainings": 3}}, False),
        ({"past": "trainings"}, False),
    ],
    ids=["nothing", "by its name", "in its section", "other values", "a text"],
)
def test_what_a_run_is_given_stands_however_it_is_given(values, given):
    assert is_given("past.trainings", values) == given


GRAPH = "stages: {use: {cmd: cat params.yaml > used.txt, params: [past], outs: [used.txt]}}"


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    folder = tmp_path / "repo"
    folder.mkdir()
    shell(folder, "git", "init", "--quiet", "--initial-branch=main")
    dvc_(folder, "init", "--quiet")
    (folder / "dvc.yaml").write_text(GRAPH)
    values = {"window": {"end": "2013-07-01"}, "past": {"trainings": []}}
    (folder / "params.yaml").write_text(yaml.safe_dump(values))
    commit(folder)
    return folder


def add(repo: Path, name: str, until: str, dag_id: str = "train") -> str:
    """The experiment of a training, and its commit."""
    cost = {"fit": Cost(ran=True, money=0.5)}
    record = Record(dag_id, name, 100.0, {UNTIL: until}, {}, cost)
    tree, base = git(repo, "rev-parse", "HEAD^{tree}"), git(repo, "rev-parse", "HEAD")
    message = f"dvc: commit experiment 0123456789ab\n\n{as_line(record)}\n"
    made = git(repo, "commit-tree", tree, "-F", "-", env=AUTHOR, given=message)
    git(repo, "update-ref", f"refs/exps/{base[:2]}/{base[2:]}/{name}", made)
    return made


def test_what_a_run_takes_for_live_says_which_training_is(repo):
    place = Place("", repo, repo.parent / "home", "watch", "one")
    live = {"champion.commit": add(repo, "train.first", "2013-06-01")}
    add(repo, "train.by-hand", "2013-07-01")
    told = with_trained(place, live, TRAINED, live=["champion"])["past.trainings"]
    assert [(one["run"], one["live"]) for one in told] == [
        ("train.first", True),
        ("train.by-hand", False),
    ]
    nothing = with_trained(place, {"champion.commit": "none"}, TRAINED, live=["champion"])
    assert "live" not in nothing["past.trainings"][0]
    wrong = {"past.trainings": f"{TRAINED['past.trainings']}@@fit"}
    with pytest.raises(ParamsError, match="trained names the stage 'fit'"):
        with_trained(place, {}, wrong)


@pytest.mark.parametrize("dag_id", ["train", "züge", "a.b", "t" * 200])
def test_trainings_of_another_worker_are_brought_whatever_their_dag_is_called(repo, dag_id):
    theirs, name = repo.parent / "server.git", run_name(dag_id, "first")
    shell(repo.parent, "git", "clone", "--quiet", "--bare", str(repo), str(theirs))
    add(repo, name, "2013-06-01", dag_id)
    shell(repo, "git", "push", "--quiet", str(theirs), "refs/exps/*:refs/exps/*")
    other = repo.parent / "other"
    shell(repo.parent, "git", "clone", "--quiet", str(theirs), str(other))
    fetch_experiments(other, "")
    assert past_runs(other) == []
    fetch_experiments(other, str(theirs))
    assert [run.name for run in past_runs(other, dag_id)] == [name]


def test_a_run_that_is_tried_again_or_cleared_keeps_the_trainings_that_it_had(repo):
    place = Place("", repo, repo.parent / "home", "watch", "one")
    assert with_trained(place, {"a": 1}, TRAINED) == {"a": 1, "past.trainings": []}
    add(repo, "train.first", "2013-06-01")
    first = {"past.trainings": [{"run": "train.first", "until": "2013-06-01"}]}
    values = with_trained(place, {}, TRAINED)
    assert values == first
    words = {"targets": ("use",), "plan_key": load(repo).key, "home": place.home}
    opened = open_run(repo, "one", params=values, dag_id="watch", **words)
    add(repo, "train.second", "2013-07-01")
    assert with_trained(place, {}, TRAINED) == first  # its workspace has them
    reproduce(opened, "use", log=len)
    close_run(opened, place.home, log=len)
    assert with_trained(place, {}, TRAINED) == first  # its experiment has them
    other = Place("", repo, place.home, "watch", "two")
    assert len(with_trained(other, {}, TRAINED)["past.trainings"]) == 2
    with_labels = {"past.trainings": f"{TRAINED['past.trainings']}@metrics.json:labelled"}
    told = with_trained(other, {}, with_labels)["past.trainings"]
    assert [one["labels"] for one in told] == [None, None]  # no such metric is in these runs
    assert with_trained(other, {"past.trainings": []}, TRAINED) == {"past.trainings": []}
