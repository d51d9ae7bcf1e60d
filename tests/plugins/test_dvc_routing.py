"""`meta` of a stage is the one place that says where it runs."""

from datetime import timedelta

import pytest
from dvc_routing import routing

from include.errors import PipelineError
from include.pipeline.graph import Stage
from include.pipeline.meta import Meta


def stage(**meta) -> Stage:
    text = {"name": "train", "task_id": "train", "group": "", "file": "dvc.yaml", "wdir": "."}
    lists = {"deps": (), "params": (), "outs": (), "upstream": ()}
    return Stage(
        **text, **lists, cmd="x", desc="", frozen=False, always_changed=False, meta=Meta(**meta)
    )


@pytest.fixture(autouse=True)
def airflow(monkeypatch):
    """Sets how this Airflow is set up; by default one executor, and nothing said of queues."""

    def configure(executor: str = "LocalExecutor", queues: str = "", pools: str = "") -> None:
        monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", executor)
        monkeypatch.setenv("AIRFLOW__LEEWAY__QUEUES", queues)
        monkeypatch.setenv("AIRFLOW__LEEWAY__POOLS", pools)

    configure()
    return configure


def test_a_stage_without_meta_runs_where_airflow_puts_it():
    assert routing(stage()) == {}


def test_retries_and_timeout_are_those_of_the_task():
    assert routing(stage(retries=0, timeout_minutes=1.5)) == {
        "retries": 0,
        "execution_timeout": timedelta(seconds=90),
    }


@pytest.mark.parametrize(
    ("executor", "queues", "pools", "expected"),
    [
        ("LocalExecutor", "", "", {"queue": "gpu"}),
        ("LocalExecutor", "", "gpu,big", {"queue": "gpu", "pool": "gpu"}),
        ("CeleryExecutor", "gpu", "", {"queue": "gpu"}),
        (
            "LocalExecutor,CeleryExecutor",
            "gpu",
            "",
            {"queue": "gpu", "executor": "CeleryExecutor"},
        ),
        (
            "CeleryExecutor, LocalExecutor",
            "gpu",
            "",
            {"queue": "gpu", "executor": "CeleryExecutor"},
        ),
        (
            "LocalExecutor,edge:airflow.providers.edge3.executors.EdgeExecutor",
            "gpu",
            "",
            {"queue": "gpu", "executor": "edge"},
        ),
        (
            "CeleryExecutor,LocalExecutor",
            "cpu",
            "gpu",
            {"queue": "gpu", "pool": "gpu", "executor": "LocalExecutor"},
        ),
    ],
    ids=[
        "the one local executor",
        "a pool of that name",
        "the one remote executor",
        "the remote one of two",
        "the remote one, listed first",
        "an executor by its alias",
        "a pool here, if no worker serves it",
    ],
)
def test_a_queue_goes_to(airflow, executor, queues, pools, expected):
    airflow(executor, queues, pools)
    assert routing(stage(queue="gpu")) == expected


def test_a_stage_without_a_queue_stays_with_the_first_executor(airflow):
    airflow("LocalExecutor,CeleryExecutor", queues="gpu")
    assert routing(stage()) == {}


def test_a_pool_serves_a_queue(airflow):
    airflow(queues="cpu", pools="gpu")
    assert routing(stage(queue="gpu")) == {"queue": "gpu", "pool": "gpu"}


@pytest.mark.parametrize("pools", ["", "gpu"], ids=["without a pool", "with a pool"])
def test_a_queue_without_a_worker_is_refused_where_all_tasks_go_to_workers(airflow, pools):
    airflow("CeleryExecutor", pools=pools)
    with pytest.raises(PipelineError, match=r"asks for the queue 'gpu'; served are default\."):
        routing(stage(queue="gpu"))


def test_a_queue_that_nobody_serves_names_the_nearest(airflow):
    airflow(queues="default, gpu")
    with pytest.raises(PipelineError) as error:
        routing(stage(queue="gppu"))
    assert str(error.value) == (
        "Stage 'train' in dvc.yaml asks for the queue 'gppu'; served are default, gpu. "
        "Did you mean 'gpu'?\n"
        "  Next: add 'gppu' to AIRFLOW__LEEWAY__QUEUES and start a worker on it, "
        "or change meta.queue of the stage."
    )
