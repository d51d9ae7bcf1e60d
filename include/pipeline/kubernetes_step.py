"""Run one DVC process in a pod: live output, its own exit status, and nothing left behind.

Not run on a cluster by our tests: they hold the pod's manifest, and what is asked of the API.
"""

import os
import time
from pathlib import Path
from typing import Any

from include.errors import PipelineError
from include.pipeline import docker_step, runtime
from include.pipeline.runtime import Where

GONE_WITHIN_S = 60


def run(task: dict[str, Any]) -> int:
    """Do a task in a pod, and pass on what it writes; the task's result is a file of it."""
    from kubernetes import client, config
    from kubernetes.client.exceptions import ApiException
    from kubernetes.config.config_exception import ConfigException

    where, folder = Where.from_json(task["where"]), Path(task["folder"])
    command = runtime.command_of(folder, task)
    folders = runtime.folders_of(folder, Path(task["cache"]), Path(task["repo"]))
    manifest = runtime.pod_manifest(where, command, folders, task["labels"])
    docker_step.end_on_signals()
    try:
        try:
            config.load_incluster_config()
        except ConfigException:
            config.load_kube_config()
        return in_pod(client.CoreV1Api(), manifest, task["stage"])
    except (ApiException, ConfigException) as error:
        what = f"Kubernetes refused the pod of {task['stage']}: {error}"
        fix = "see that the worker may make pods in its namespace, then clear this task."
        raise PipelineError(what, fix) from None


def in_pod(api: Any, manifest: dict[str, Any], stage: str) -> int:
    """Make the pod, follow it to its end, remove it; what an earlier try left goes first."""
    name, namespace = manifest["metadata"]["name"], manifest["metadata"]["namespace"]
    remove(api, name, namespace)
    api.create_namespaced_pod(namespace, manifest)
    try:
        phase = wait_while(api, name, namespace, ("Pending",))
        if phase != "Pending":
            stream = api.read_namespaced_pod_log(
                name, namespace, follow=True, _preload_content=False
            )
            for chunk in stream.stream():
                os.write(1, chunk)
        wait_while(api, name, namespace, ("Pending", "Running"))
        ended = api.read_namespaced_pod(name, namespace).status.container_statuses[0]
        if ended.state.terminated.reason == "OOMKilled":
            what = f"Stage {stage!r} was killed: it used more memory than its pod may."
            raise PipelineError(what, "raise meta.resources.memory_gb of the stage.")
        return int(ended.state.terminated.exit_code)
    finally:
        remove(api, name, namespace)


def wait_while(api: Any, name: str, namespace: str, phases: tuple[str, ...]) -> str:
    """The first phase of a pod that is none of these; a stage's own timeout bounds the wait."""
    while (phase := str(api.read_namespaced_pod(name, namespace).status.phase)) in phases:
        time.sleep(1)
    return phase


def remove(api: Any, name: str, namespace: str) -> None:
    """Remove a pod, if it is there, and return when it is gone: its retry must not run beside it.

    Raises:
        PipelineError: it is still there after GONE_WITHIN_S seconds.
    """
    from kubernetes.client.exceptions import ApiException

    until = time.monotonic() + GONE_WITHIN_S
    while time.monotonic() < until:
        try:
            api.delete_namespaced_pod(name, namespace, grace_period_seconds=0)
        except ApiException as error:
            if error.status == 404:
                return
            raise
        time.sleep(0.5)
    what = f"The pod {name} is still there, {GONE_WITHIN_S} s after its removal was asked."
    raise PipelineError(what, f"see `kubectl describe pod {name} -n {namespace}`.")
