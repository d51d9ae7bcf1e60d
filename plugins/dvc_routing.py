"""Where a stage runs: its `meta` in dvc.yaml, as Airflow's queue, pool, executor and limits.

A stage waits at the broker for a worker on its queue. Airflow fails it after three times
[scheduler] task_queued_timeout, which is 600 s: set it to the longest wait that is still right, as
604800 for a week. The token that a waiting task takes to its worker lives as long.
"""

from datetime import timedelta
from typing import Any

from airflow.configuration import conf

from include.errors import PipelineError, at_most_ten, did_you_mean
from include.pipeline.graph import Stage
from include.pipeline.places.registry import RUNTIMES
from include.pipeline.places.where import Where

LOCAL = ("LocalExecutor", "SequentialExecutor")


def routing(stage: Stage, runtime: str = "") -> dict[str, Any]:
    """The arguments of an operator that follow from the stage's `meta`.

    Args:
        runtime: of stages that name none; `default_runtime` if it is empty.

    Raises:
        PipelineError: the queue is not one that is served here.
    """
    meta, found = stage.meta, dict[str, Any]()
    if meta.queue is not None:
        found |= placed(stage, meta.queue)
    if meta.retries is not None:
        found["retries"] = meta.retries
    if meta.timeout_minutes is not None:
        found["execution_timeout"] = timedelta(minutes=meta.timeout_minutes)
    if meta.resources.memory_gb is not None:
        found["memory_gb"] = meta.resources.memory_gb
    place = where(stage, runtime or default_runtime())
    if place is not None:
        found["where"] = place.to_json()
    return found


def default_runtime() -> str:
    """Where stages run that do not say it."""
    return conf.get("leeway", "runtime", fallback="process")


def where(stage: Stage, default: str) -> Where | None:
    """The container or pod of a stage; None for a process of its task.

    Raises:
        PipelineError: the runtime is unknown, or there is no image.
    """
    meta = stage.meta
    runtime = meta.runtime or default
    if runtime not in RUNTIMES:
        what = f"AIRFLOW__LEEWAY__RUNTIME is {runtime!r}.{did_you_mean(runtime, RUNTIMES)}"
        raise PipelineError(what, f"set it to one of {', '.join(RUNTIMES)}.")
    if runtime == "process":
        return None
    image = meta.image or conf.get("leeway", "image", fallback="")
    if not image:
        what = f"Stage {stage.name!r} in {stage.file} runs by {runtime}, and has no image."
        raise PipelineError(what, "set meta.image of the stage, or AIRFLOW__LEEWAY__IMAGE.")
    return Where(
        runtime,
        image,
        **{**meta.resources.model_dump(), "gpus": gpus(meta.resources.gpus)},
        network=conf.get("leeway", "network", fallback="bridge") if meta.network else "",
        user=conf.get("leeway", "user", fallback=""),
        volumes=tuple(setting("volumes")),
        environment=tuple(setting("environment")),
        namespace=conf.get("leeway", "namespace", fallback="default"),
        node_selector=tuple(meta.node_selector.items()),
        tolerations=tuple(tuple(held.items()) for held in meta.tolerations),
    )


def gpus(asked: int | None) -> int:
    """The GPUs of a container: as many as asked, else what this worker gives to each."""
    return conf.getint("leeway", "gpus", fallback=0) if asked is None else asked


def placed(stage: Stage, queue: str) -> dict[str, Any]:
    """Queue, pool and executor of a stage that asks for a queue.

    Workers serve the queues of AIRFLOW__LEEWAY__QUEUES and Airflow's default queue. LocalExecutor
    has no workers: a queue is then a pool, of AIRFLOW__LEEWAY__POOLS, or nothing but a name. So a
    pool alone serves a queue on this machine, and never where all tasks go to workers.
    """
    queues, pools = setting("queues"), setting("pools")
    workers = [*dict.fromkeys([conf.get("operators", "default_queue"), *queues])]
    local = [name for name, kind in executors().items() if kind in LOCAL]
    remote = [name for name in executors() if name not in local]
    if remote and queue in workers:
        name = remote[0]
    elif local and (queue in pools or (not remote and (queue in workers or not queues + pools))):
        name = local[0]
    else:
        raise unserved(stage, queue, [*dict.fromkeys(workers + pools)] if local else workers)
    found: dict[str, Any] = {"queue": queue}
    if queue in pools:
        found["pool"] = queue
    # An executor that is not configured would break the DAG; the only one needs no name.
    if len(executors()) > 1:
        found["executor"] = name
    return found


def unserved(stage: Stage, queue: str, served: list[str]) -> PipelineError:
    """A stage would wait for ever, and the run with it."""
    return PipelineError(
        f"Stage {stage.name!r} in {stage.file} asks for the queue {queue!r}; "
        f"served are {at_most_ten(served)}.{did_you_mean(queue, served)}",
        f"add {queue!r} to AIRFLOW__LEEWAY__QUEUES and start a worker on it, "
        f"or change meta.queue of the stage.",
    )


def setting(name: str) -> list[str]:
    """A list from section [leeway] of Airflow's configuration."""
    return [
        part.strip() for part in conf.get("leeway", name, fallback="").split(",") if part.strip()
    ]


def executors() -> dict[str, str]:
    """The configured executors: the name that a task gives, and the class behind it."""
    parts = [part.strip() for part in conf.get("core", "executor").split(",")]
    return {part.split(":", 1)[0]: part.rsplit(":", 1)[-1].rsplit(".", 1)[-1] for part in parts}
