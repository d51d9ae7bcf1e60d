"""A command takes up the run that is what it would begin, and names the others."""

from pathlib import Path
from typing import Any

import pytest
from airflow_answers import Answers, dag
from small_git import commit

from include.airflow_site.settings import Site
from include.command import unended
from include.errors import PipelineError
from include.pipeline.opening.open_run import open_run
from include.pipeline.workspace import Run, discard

IDS = ["of the commit", "of a working tree"]


def run(run_id: str = "one", **more: Any) -> dict[str, Any]:
    """A run by hand that works, as Airflow tells of it."""
    held = {"dag_id": "small", "dag_run_id": run_id, "run_type": "manual", "logical_date": None}
    return {**held, "conf": {}, "state": "running", **more}


def opened(site: Site, run_id: str = "one") -> Run:
    return open_run(
        site.repo,
        run_id,
        params={},
        targets=["prepare"],
        plan_key=None,
        home=site.leeway,
        dag_id="small",
    )


@pytest.fixture
def site(repo: Path) -> Site:
    (repo / ".git/info/exclude").write_text(".airflow\n")
    (repo / ".airflow/leeway").mkdir(parents=True)
    return Site.of(repo)


@pytest.mark.parametrize("edited", [False, True], ids=IDS)
def test_a_run_is_the_same_while_what_it_is_of_is(site, edited):
    if edited:
        (site.repo / "source.txt").write_text("other words\n")
    held = opened(site)
    assert unended.the_same(site, Answers(), [run()], "small", {}) == run()
    (site.repo / "params.yaml").open("a").write("more: 1\n")
    assert unended.the_same(site, Answers(), [run()], "small", {}) is None
    commit(site.repo)
    assert unended.the_same(site, Answers(), [run()], "small", {}) is None
    discard(held)


@pytest.mark.parametrize(
    "other",
    [
        {"conf": {"n": 2}},
        {"dag_id": "large"},
        {"run_type": "scheduled"},
        {"logical_date": "2026-01-01T00:00:00Z"},
    ],
    ids=["of other values", "of another DAG", "by schedule", "of a date"],
)
def test_another_run_is_not_taken_up(site, other):
    answers = Answers(task_instances=[])
    assert unended.the_same(site, answers, [run(), run(**other)], "small", {}) == run()
    assert unended.the_same(site, answers, [run(**other)], "small", {}) is None


def test_a_run_that_has_not_opened_is_of_what_is_there_as_it_opens(site):
    tasks = [{"task_id": "open_run", "state": "running"}]
    assert unended.the_same(site, Answers(task_instances=tasks), [run()], "small", {}) == run()
    tasks[0]["state"] = "success"  # and its workspace is gone: it is about to end
    assert unended.the_same(site, Answers(task_instances=tasks), [run()], "small", {}) is None


def test_runs_beside_it_are_named_and_those_of_dags_that_are_gone_are_not(site):
    runs = [run(f"r{number}", conf={"n": "x"}, state="queued") for number in range(12)]
    answers = Answers(dag_runs=[*runs, run(dag_id="gone")], dags=[dag("small", max_active_runs=16)])
    assert unended.unended(answers) == runs
    said = unended.in_the_way(site, answers, runs, "small", waits=True).splitlines()[1:]
    assert said[:2] == [
        "  These runs have not ended, and go on beside it, as long as Airflow is up:",
        '    small/r0 (queued, with n="x")',
    ]
    assert said[-2:] == [
        "    and 2 more",
        "  To end one: the same command with --end small/r0",
    ]
    assert unended.in_the_way(site, answers, [], "small", waits=True) == ""


def test_a_run_to_end_that_is_not_there_names_the_nearest(site):
    with pytest.raises(PipelineError) as caught:
        unended.without(Answers(), [run("one")], ["small/on"])
    assert str(caught.value) == (
        "No run 'small/on' waits or works. Did you mean 'small/one'?\n  Next: name one of small/one."
    )
    with pytest.raises(PipelineError, match=r"Next: leave out --end\."):
        unended.without(Answers(), [], ["small/on"])
