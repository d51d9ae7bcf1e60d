"""A stage runs where its queue is served, waits there for its worker, and is refused elsewhere.

Long because all its cases share one Airflow with two workers.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from celery_airflow import Cluster, celery, waiting_in
from running_airflow import ended, wait_for_dag, wait_until
from small_git import commit, init, shell

from include.errors import PipelineError
from include.pipeline.plan import load

GRAPH = """stages:
  prepare:
    cmd: cp source.txt prepared.txt
    deps: [source.txt]
    outs: [prepared.txt]
  train:
    cmd: tr a-z A-Z < prepared.txt > model.txt
    deps: [prepared.txt]
    outs: [model.txt]
    meta: {queue: gpu}
"""
DAG_FILE = '''"""An Airflow DAG."""

from dvc_dag import pipeline_dag

drawn = pipeline_dag({name!r}, repo={repo!r}, schedule=None, default_args={{"retries": 0}})
'''
BY_PLAIN, BY_GRAPHICS = ("plain@localhost", "default"), ("graphics@localhost", "gpu")


def make(folder: Path, graph: str = GRAPH) -> Path:
    """A DVC repository of two stages, under git."""
    (folder / "dags").mkdir(parents=True)
    (folder / "source.txt").write_text("salt\n")
    (folder / "dvc.yaml").write_text(graph)
    init(folder)
    commit(folder)
    return folder


def draw(repo: Path, name: str, drawn: Path) -> None:
    (repo / "dags" / f"{name}.py").write_text(DAG_FILE.format(name=name, repo=str(drawn)))


@dataclass(frozen=True)
class Seen:
    """What was seen of one run: while no worker served `gpu`, and when it had ended."""

    waiting: dict[str, dict[str, object]]
    in_queue: int
    result: str
    ended: dict[str, dict[str, object]]
    workers: dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Airflow on CeleryExecutor, one worker on the default queue, none on `gpu`."""
    repo = make(tmp_path_factory.mktemp("queues") / "repo")
    other = make(repo.with_name("other"), GRAPH.replace("queue: gpu", "queue: gpus"))
    draw(repo, "served", repo)
    draw(repo, "unserved", other)
    settings = {"LEEWAY__QUEUES": "default,gpu", "LEEWAY__POOLS": ""}
    with celery(repo, {"plain": "default"}, settings) as started:
        wait_for_dag(started.api, "served", 120)
        yield started


@pytest.fixture(scope="module")
def seen(cluster: Cluster) -> Seen:
    """A run whose gpu stage had to wait until a worker on `gpu` was started."""
    run_id = cluster.api.trigger("served", {})
    wait_until(lambda: tasks(cluster, run_id)["train"]["state"] in ("queued", "failed"), 120)
    # Airflow looks each second for tasks that waited too long; this is some rounds of it.
    time.sleep(5)
    waiting, in_queue = tasks(cluster, run_id), waiting_in(cluster, "gpu")
    cluster.start_worker("graphics", "gpu")
    result = ended(cluster.api, "served", run_id)
    return Seen(waiting, in_queue, result, tasks(cluster, run_id), cluster.worked(run_id, 4))


def tasks(cluster: Cluster, run_id: str) -> dict[str, dict[str, object]]:
    return {task["task_id"]: task for task in cluster.api.tasks("served", run_id)}


def test_a_stage_waits_while_no_worker_serves_its_queue_and_does_not_fail(seen):
    assert {name: task["state"] for name, task in seen.waiting.items()} == {
        "open_run": "success",
        "prepare": "success",
        "train": "queued",
        "close_run": None,
    }
    assert seen.in_queue == 1


def test_a_stage_runs_on_the_worker_of_its_queue_and_no_other_stage_does(seen):
    assert seen.workers == {
        "open_run": BY_PLAIN,
        "prepare": BY_PLAIN,
        "train": BY_GRAPHICS,
        "close_run": BY_PLAIN,
    }


def test_a_stage_that_waited_for_its_worker_needed_one_try(seen):
    assert (seen.ended["train"]["state"], seen.ended["train"]["try_number"]) == ("success", 1)


def test_a_run_over_two_workers_ends_as_an_experiment(seen, cluster):
    refs = shell(cluster.site.repo, "git", "for-each-ref", "--format=%(refname)", "refs/exps")
    assert seen.result == "success"
    assert len([ref for ref in refs.split() if "/served.manual" in ref]) == 1


def test_the_only_executor_is_not_named(seen):
    assert {name: task["executor"] for name, task in seen.ended.items()} == dict.fromkeys(
        seen.ended
    )


def test_a_graph_with_a_queue_that_nothing_serves_is_an_import_error_of_its_file_alone(cluster):
    wait_until(cluster.api.import_errors)
    ((file, error),) = cluster.api.import_errors().items()
    assert file == "unserved.py"
    assert (
        "Stage 'train' in dvc.yaml asks for the queue 'gpus'; served are default, gpu. "
        "Did you mean 'gpu'?\n  Next: add 'gpus' to AIRFLOW__LEEWAY__QUEUES and start a worker on "
        "it, or change meta.queue of the stage."
    ) in error
    assert cluster.api.dag("served") is not None
    assert cluster.api.dag("unserved") is None


def test_beside_a_local_executor_only_the_stage_with_a_queue_goes_to_a_worker(seen, cluster):
    cluster.restart({"CORE__EXECUTOR": "LocalExecutor,CeleryExecutor"}, "served")
    (cluster.site.repo / "source.txt").write_text("pepper\n")
    commit(cluster.site.repo)
    run_id = cluster.api.trigger("served", {})
    assert ended(cluster.api, "served", run_id) == "success"
    assert cluster.worked(run_id, 1) == {"train": BY_GRAPHICS}
    assert {name: task["executor"] for name, task in tasks(cluster, run_id).items()} == {
        "open_run": None,
        "prepare": None,
        "train": "CeleryExecutor",
        "close_run": None,
    }


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("graph") / "repo")


def placed(
    repo: Path, patch: pytest.MonkeyPatch, executor: str, queues: str, pools: str
) -> dict[str, str]:
    """Where the stage `train` of a graph goes, under a configuration."""
    from dvc_routing import routing

    patch.setenv("AIRFLOW__CORE__EXECUTOR", executor)
    patch.setenv("AIRFLOW__LEEWAY__QUEUES", queues)
    patch.setenv("AIRFLOW__LEEWAY__POOLS", pools)
    return routing(load(repo).stage("train"))


LOCAL, CELERY = "LocalExecutor", "CeleryExecutor"
PATH = "airflow.executors.local_executor.LocalExecutor"


@pytest.mark.parametrize(
    ("executor", "queues", "pools", "expected"),
    [
        (LOCAL, "", "", {"queue": "gpu"}),
        (LOCAL, "gpu", "", {"queue": "gpu"}),
        (LOCAL, "", "gpu", {"queue": "gpu", "pool": "gpu"}),
        (CELERY, "gpu", "", {"queue": "gpu"}),
        (CELERY, "default, gpu", "gpu", {"queue": "gpu", "pool": "gpu"}),
        (f"{LOCAL},{CELERY}", "gpu", "", {"queue": "gpu", "executor": CELERY}),
        (f"{CELERY}, {LOCAL}", "gpu", "", {"queue": "gpu", "executor": CELERY}),
        (f"{LOCAL},{CELERY}", "", "gpu", {"queue": "gpu", "pool": "gpu", "executor": LOCAL}),
        (f"here:{PATH},{CELERY}", "gpu", "", {"queue": "gpu", "executor": CELERY}),
        (f"{LOCAL},edge:a.b.EdgeExecutor", "gpu", "", {"queue": "gpu", "executor": "edge"}),
    ],
    ids=[
        "one machine that says nothing runs every queue",
        "one machine, a queue by name",
        "one machine, a queue is its pool",
        "workers",
        "workers, and a pool that limits them",
        "workers beside a local executor",
        "workers before a local executor",
        "a pool beside workers of other queues stays on this machine",
        "a local executor under another name is no worker",
        "an executor is named by its alias",
    ],
)
def test_a_queue_becomes_queue_pool_and_executor(
    graph, monkeypatch, executor, queues, pools, expected
):
    assert placed(graph, monkeypatch, executor, queues, pools) == expected


@pytest.mark.parametrize(
    ("executor", "queues", "pools", "served"),
    [
        (LOCAL, "cpu", "", "default, cpu"),
        (LOCAL, "", "cpu", "default, cpu"),
        (CELERY, "", "", "default"),
        (CELERY, "cpu", "gpu", "default, cpu"),
        (f"{LOCAL},{CELERY}", "", "", "default"),
        (f"{LOCAL},{CELERY}", "cpu", "ram", "default, cpu, ram"),
    ],
    ids=[
        "one machine, other queues",
        "one machine, other pools",
        "workers on no named queue",
        "a pool is no worker",
        "workers on no named queue beside a local executor",
        "other queues and other pools",
    ],
)
def test_a_queue_that_nothing_serves_is_refused_with_the_stage_its_file_and_a_fix(
    graph, monkeypatch, executor, queues, pools, served
):
    with pytest.raises(PipelineError) as error:
        placed(graph, monkeypatch, executor, queues, pools)
    assert str(error.value) == (
        f"Stage 'train' in dvc.yaml asks for the queue 'gpu'; served are {served}."
        f"{' Did you mean ' + repr('cpu') + '?' if 'cpu' in served else ''}\n"
        "  Next: add 'gpu' to AIRFLOW__LEEWAY__QUEUES and start a worker on it, "
        "or change meta.queue of the stage."
    )


def test_the_default_queue_needs_no_mention(tmp_path, monkeypatch):
    repo = make(tmp_path / "repo", GRAPH.replace("queue: gpu", "queue: default"))
    assert placed(repo, monkeypatch, CELERY, "gpu", "") == {"queue": "default"}


def test_pipeline_dag_refuses_the_whole_graph(graph, monkeypatch):
    from dvc_dag import pipeline_dag

    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", CELERY)
    monkeypatch.setenv("AIRFLOW__LEEWAY__QUEUES", "default")
    with pytest.raises(PipelineError, match=r"'train' in dvc\.yaml asks for the queue 'gpu'"):
        pipeline_dag("graph", repo=graph, schedule=None)
    monkeypatch.setenv("AIRFLOW__LEEWAY__QUEUES", "default,gpu")
    assert pipeline_dag("graph", repo=graph, schedule=None).get_task("train").queue == "gpu"
