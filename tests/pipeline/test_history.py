"""The history is what the experiments in git say, whoever made them, and however they look."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
from past_experiments import BASE, add, recorded, start
from small_git import shell

from include.pipeline.cost import Cost, together
from include.pipeline.git.command import git
from include.pipeline.git.trees import commit_of
from include.pipeline.history import last_costs, past_run, past_runs, saved
from include.pipeline.past.fetching import fetch_experiments
from include.pipeline.past.record import Record, as_line, numbers_in, record_in


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return start(tmp_path)


def test_a_run_is_read_as_it_was_recorded_the_newest_first(repo):
    cost = {"fit": Cost(wall_s=2, cpu_s=3.5, peak_gb=0.4, ran=True), "judge": Cost()}
    held = {"params": {"n": 2, "window.end": "2013-06-01"}, "metrics": {"m.json:auc": 0.7}}
    sha = add(repo, "train.manual__1", recorded(cost=cost, **held))
    add(repo, "score.manual__2", recorded(dag_id="score", run_id="manual__2", opened=200.0))
    newest, found = past_runs(repo)
    assert (newest.dag_id, newest.run_id) == ("score", "manual__2")
    assert (found.name, found.commit, found.kind) == ("train.manual__1", sha, "run")
    assert found.created == datetime.fromtimestamp(100, UTC)
    assert (found.params, found.metrics) == (held["params"], held["metrics"])
    assert found.cost == cost
    assert [run.dag_id for run in past_runs(repo, "train")] == ["train"]


def test_a_run_with_two_experiments_is_the_newest_of_them(repo):
    name, bases = "train.manual__1", [digit * 40 for digit in "123"]
    for base, opened in zip(bases, (200.0, 300.0, 100.0), strict=True):
        add(repo, name, recorded(opened=opened, metrics={"m:auc": opened}), base=base)
    add(repo, "by-hand", "one", base=bases[0])
    add(repo, "by-hand", "two", base=bases[1])
    assert [run.created.timestamp() for run in past_runs(repo, "train")] == [300.0]
    assert past_run(repo, name) == past_runs(repo, "train")[0]
    assert [run.name for run in past_runs(repo)] == [name, "by-hand", "by-hand"]


def test_a_repository_without_experiments_has_no_history(repo):
    assert past_runs(repo) == []


DVC_YAML = """
metrics: [top.json]
stages:
  fit: {cmd: x, metrics: [m.json: {cache: false}, "${where}/cached.json"], wdir: .}
  each: {foreach: [a], do: {cmd: x, metrics: [each.yaml]}}
"""
LOCK = """
schema: '2.0'
stages:
  fit:
    cmd: x
    params: {params.yaml: {n: 2, train.depth: 3}, conf.yaml: {a: {b: true}}}
    outs: [{path: sub/cached.json, md5: 0123456789abcdef0123456789abcdef}]
"""


def test_one_made_by_hand_is_read_from_its_files_and_says_what_is_nowhere(repo):
    files = {"dvc.yaml": DVC_YAML, "dvc.lock": LOCK, "m.json": '{"auc": 0.5, "by": {"JFK": 1}}'}
    add(repo, "bumpy-lama", "dvc: commit experiment 01ab", {**files, "each.yaml": "n: 7"}, at=50)
    [found] = past_runs(repo)
    assert (found.kind, found.dag_id, found.cost) == ("by hand", "", {})
    assert found.created == datetime.fromtimestamp(50, UTC)
    assert found.params == {"n": 2, "train.depth": 3, "conf.yaml:a.b": True}
    assert found.metrics == {"m.json:auc": 0.5, "m.json:by.JFK": 1.0, "each.yaml:n": 7.0}
    assert found.problem == "neither git nor DVC's cache has top.json, sub/cached.json"
    cached = repo / ".dvc/cache/files/md5/01/23456789abcdef0123456789abcdef"
    cached.parent.mkdir(parents=True)
    cached.write_text('{"rows": 9}')
    assert past_runs(repo)[0].metrics["sub/cached.json:rows"] == 9.0


def test_a_run_of_an_older_version_is_one_of_its_dag(repo):
    add(repo, "train.scheduled__2026-07-01T000000+0000", "dvc: commit experiment 01ab")
    [found] = past_runs(repo, "train")
    assert (found.kind, found.run_id) == ("older", "scheduled__2026-07-01T000000+0000")


def test_one_whose_commit_is_not_here_is_named_and_the_others_are_read(repo):
    add(repo, "good", recorded())
    path = repo / ".git/refs/exps/ab" / BASE[2:] / "gone"
    path.write_text("12" * 20 + "\n")
    good, gone = past_runs(repo)
    assert (good.name, good.kind) == ("good", "run")
    assert (gone.name, gone.kind) == ("gone", "broken")
    assert gone.problem == "its commit is not in this repository, or is damaged"


@pytest.mark.parametrize(
    "files",
    [
        {"dvc.yaml": "stages: [a, b]\nmetrics: 7", "dvc.lock": "- x"},
        {"dvc.yaml": "{{{", "dvc.lock": "\t"},
        {"dvc.yaml": DVC_YAML, "dvc.lock": "stages: {fit: {params: [1], outs: 3}}", "m.json": "{"},
        {"dvc.yaml": DVC_YAML, "dvc.lock": "stages: {fit: 1}", "m.json": "[1, 2]"},
        {"dvc.yaml": "&a [*a]", "dvc.lock": "stages: &s {x: *s}"},
    ],
    ids=["other shapes", "no YAML", "half", "no mapping", "itself in itself"],
)
def test_files_of_any_shape_are_no_error(repo, files):
    add(repo, "strange", "by hand", files)
    [found] = past_runs(repo)
    assert (found.kind, found.metrics) == ("by hand", {})


@pytest.mark.parametrize(
    "message",
    [
        '{"leeway-run": 7}',
        '{"leeway-run": {"dag_id": "a"}}',
        '{"leeway-run": {"dag_id": "a", "run_id": "b", "opened": "now"',
        as_line(Record("a", "b")).replace("0.0", '"x"'),
        '{"leeway-run": ' + "[" * 100_000,
        "\udcff\x00",
    ],
    ids=["a number", "half", "cut", "no time", "too deep", "no text"],
)
def test_a_record_that_is_none_is_passed_over(message):
    assert record_in(message) is None


def test_what_a_hostile_step_says_of_its_cost_is_left_out():
    said = {"cpu_s": -1, "wall_s": math.nan, "peak_gb": 10**400, "rows": 2.5, "queue": 3}
    line = as_line(Record("a", "b", cost={"fit": Cost(gpu_s=1.0)}))
    line = line.replace('{"gpu_s": 1.0}', json.dumps({**said, "gpu_s": 2, "other": 1}))
    record = record_in(line)
    assert record is not None and record.cost == {"fit": Cost(gpu_s=2)}


def test_names_and_times_of_any_kind_go_through_the_record(repo):
    name, far = '<script>"\n\u202e😀', 1e300
    held = {"params": {name: name}, "metrics": {name: math.nan, "inf": math.inf}}
    add(repo, "hostile-{}%(refname)", recorded(dag_id=name, opened=far, **held))
    [found] = past_runs(repo)
    assert (found.dag_id, found.params) == (name, {name: name})
    assert math.isnan(found.metrics[name]) and found.metrics["inf"] == math.inf
    assert found.created == datetime.fromtimestamp(0, UTC)


def test_the_numbers_of_a_file_are_named_by_what_holds_them():
    held = {"auc": 0.5, "by": {"a.b": 2}, "text": "x", "none": None, "list": [1], "big": 10**400}
    assert dict(numbers_in(held, "m.json:")) == {
        "m.json:auc": 0.5,
        "m.json:by.a.b": 2.0,
        "m.json:big": math.inf,
    }


def test_costs_together_are_sums_and_the_largest_process():
    one, two = Cost(wall_s=1, cpu_s=2, peak_gb=3, money=0.5), Cost(wall_s=4, cpu_s=5, peak_gb=1)
    found = together([one, two])
    assert (found.wall_s, found.cpu_s, found.peak_gb) == (5, 7, 3)
    assert (found.money, found.energy_wh) == (0.5, None)


def test_what_a_stage_took_is_that_of_the_last_time_its_command_ran(repo):
    for at, cost in ((1.0, Cost(cpu_s=9, ran=True)), (2.0, Cost(cpu_s=8, ran=True)), (3.0, Cost())):
        add(repo, f"r{at}", recorded(opened=at, cost={"fit": cost}))
    assert last_costs(repo, ["fit", "never"]) == {"fit": Cost(cpu_s=8, ran=True)}
    assert saved(past_runs(repo)) == [{"fit": Cost(cpu_s=8, ran=True)}, {}, {}]


def test_a_record_may_be_longer_than_an_argument_of_a_command(repo):
    metrics = {f"m.json:{n:0300}": 0.5 for n in range(1_000)}
    tree = git(repo, "rev-parse", "HEAD^{tree}")
    made = commit_of(repo, tree, recorded(metrics=metrics))
    git(repo, "update-ref", f"refs/exps/{BASE[:2]}/{BASE[2:]}/long", made)
    assert past_runs(repo)[0].metrics == metrics


def test_the_run_of_an_experiment_is_found_by_its_name(repo):
    add(repo, "train.manual__1", recorded())
    found = past_run(repo, "train.manual__1")
    assert found is not None and found.run_id == "manual__1"
    assert past_run(repo, "train.manual__2") is None


def test_experiments_of_others_are_fetched_from_a_remote(repo, tmp_path_factory):
    add(repo, "train.manual__1", recorded(cost={"fit": Cost(cpu_s=9, ran=True)}))
    git(repo, "update-ref", "refs/exps/exec/EXEC_HEAD", "HEAD")  # DVC's own, of a run at work
    clone = tmp_path_factory.mktemp("clones") / "clone"
    shell(repo, "git", "clone", "--quiet", str(repo), str(clone))
    assert (past_runs(clone), fetch_experiments(clone, "origin")) == ([], 1)
    assert past_runs(clone) == past_runs(repo)
    assert git(clone, "for-each-ref", "refs/exps/exec") == ""
    assert fetch_experiments(clone, "origin") == 0
