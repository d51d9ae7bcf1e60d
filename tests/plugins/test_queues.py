"""A stage runs where its queue is served, waits there for its worker, and is refused elsewhere."""

import sys
from pathlib import Path

import pytest
from small_git import commit, shell

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


def make(folder: Path, graph: str = GRAPH) -> Path:
    """A DVC repository of two stages, under git."""
    (folder / "dags").mkdir(parents=True)
    (folder / "source.txt").write_text("salt\n")
    (folder / "dvc.yaml").write_text(graph)
    shell(folder, "git", "init", "--quiet")
    shell(folder, sys.executable, "-m", "dvc", "init", "--quiet")
    commit(folder)
    return folder


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
