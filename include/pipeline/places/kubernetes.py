"""Carry out an order in a pod: live output, its own exit status, and nothing left behind.

Not run on a cluster by our tests: they hold the pod's manifest, and what is asked of the API.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from include.errors import PipelineError
from include.pipeline.child.orders import Terms
from include.pipeline.places.container import command_of, end_on_signals
from include.pipeline.places.mounts import folders_of
from include.pipeline.places.ownership import hand_over
from include.pipeline.places.pod import pod_manifest
from include.pipeline.places.where import Contained

GONE_WITHIN_S = 60

# What a pod does not come out of by waiting.
HOPELESS = (
    *("ErrImageNeverPull", "ImagePullBackOff", "InvalidImageName"),
    *("CreateContainerConfigError", "CreateContainerError"),
)

PAUSES_S = (1, 2, 4, 8, 16, 32)  # while the API does not answer: the step goes on


def run(order: Contained, terms: Terms) -> int:
    """Let a pod carry out an order, and pass on what it writes; it writes the answer."""
    from kubernetes import client, config
    from kubernetes.client.exceptions import ApiException
    from kubernetes.config.config_exception import ConfigException

    command = command_of(order, terms)
    hand_over(order.where, order.top, order.cache)
    folders = folders_of(order.folder, order.top, order.cache, order.repo)
    manifest = pod_manifest(order.where, command, order.folder, folders, dict(order.labels))
    end_on_signals()
    try:
        try:
            config.load_incluster_config()
        except ConfigException:
            config.load_kube_config()
        return in_pod(client.CoreV1Api(), manifest, order.name)
    except (ApiException, ConfigException) as error:
        what = f"Kubernetes refused the pod of {order.name}: {error}"
        fix = "see that the worker may make pods in its namespace, then clear this task."
        raise PipelineError(what, fix) from None


def in_pod(api: Any, manifest: dict[str, Any], stage: str) -> int:
    """Make the pod, follow it to its end, remove it; what an earlier try left goes first."""
    name, namespace = manifest["metadata"]["name"], manifest["metadata"]["namespace"]
    remove(api, name, namespace)
    api.create_namespaced_pod(namespace, manifest)
    try:
        pod, heard = begun(api, name, namespace), ""
        while True:
            heard = follow(api, name, namespace, heard)
            pod = pod_now(api, name, namespace)
            if pod.status.phase not in ("Pending", "Running"):
                follow(api, name, namespace, heard)  # what it said since the log broke, if it did
                return status_of(pod, stage)
            time.sleep(1)
    finally:
        remove(api, name, namespace)


def begun(api: Any, name: str, namespace: str) -> Any:
    """The pod, when it no longer waits; what it waits for is said. A stage's timeout bounds it.

    Raises:
        PipelineError: it waits for what will not come.
    """
    said = ""
    while (pod := pod_now(api, name, namespace)).status.phase == "Pending":
        reason, why = waits_for(pod)
        if reason in HOPELESS:
            what = f"The pod {name} cannot start: {reason}: {why}"
            raise PipelineError(what, "see that the cluster can pull and start meta.image.")
        if why and why != said:
            print(f"waiting: {why}", flush=True)
            said = why
        time.sleep(1)
    return pod


def waits_for(pod: Any) -> tuple[str, str]:
    """Why a pod has not begun: the cluster's word for it, and its message."""
    for held in pod.status.container_statuses or []:
        if held.state.waiting:
            return held.state.waiting.reason or "", held.state.waiting.message or ""
    for held in pod.status.conditions or []:
        if held.status == "False" and held.message:
            return held.reason or "", held.message
    return "", ""


def follow(api: Any, name: str, namespace: str, heard: str) -> str:
    """Pass on the log, and return when its last line was written.

    The stream may break before its pod ends. The next one begins with lines that were passed on.

    Args:
        heard: when the last line that was passed on was written; empty at the beginning.
    """
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    with suppress(HTTPError, ApiException):
        stream = api.read_namespaced_pod_log(
            name, namespace, follow=True, timestamps=True, _preload_content=False
        )
        for line in lines_of(stream.stream()):
            moment, _, text = line.partition(b" ")
            if moment.decode() > heard:
                heard = moment.decode()
                os.write(1, text + b"\n")
    return heard


def lines_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a stream; the last one may lack its end."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        yield rest


def pod_now(api: Any, name: str, namespace: str) -> Any:
    """The pod as it is now.

    Raises:
        PipelineError: somebody removed it, or the API did not answer for a minute.
    """
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    problem: Exception | None = None
    for pause_s in PAUSES_S:
        try:
            return api.read_namespaced_pod(name, namespace)
        except ApiException as error:
            if error.status == 404:
                what = f"The pod {name} was removed from outside, as when its node is drained."
                raise PipelineError(what, "clear this task to try again.") from None
            if error.status not in (429, None) and error.status < 500:
                raise
            problem = error
        except HTTPError as error:
            problem = error
        time.sleep(pause_s)
    what = f"Kubernetes did not answer for {sum(PAUSES_S)} s: {problem}"
    raise PipelineError(what, "see that its API can be reached, then clear this task.")


def status_of(pod: Any, stage: str) -> int:
    """The exit status of the step.

    Raises:
        PipelineError: it was killed for its memory, or the pod was evicted.
    """
    for held in pod.status.container_statuses or []:
        ended = held.state.terminated
        if ended and ended.reason == "OOMKilled":
            what = f"Stage {stage!r} was killed: it used more memory than its pod may."
            raise PipelineError(what, "raise meta.resources.memory_gb of the stage.")
        if ended:
            return int(ended.exit_code)
    what = f"The pod of stage {stage!r} ended as {pod.status.reason}: {pod.status.message}"
    raise PipelineError(what, "see what its node lacks, then clear this task.")


def remove(api: Any, name: str, namespace: str) -> None:
    """Remove a pod, if it is there, and return when it is gone: its retry must not run beside it.

    Raises:
        PipelineError: it is still there after GONE_WITHIN_S seconds.
    """
    from kubernetes.client.exceptions import ApiException

    until = time.monotonic() + GONE_WITHIN_S
    while time.monotonic() < until:
        try:
            # 0 would take it off the list while it may still run.
            api.delete_namespaced_pod(name, namespace, grace_period_seconds=1)
        except ApiException as error:
            if error.status == 404:
                return
            raise
        time.sleep(0.5)
    what = f"The pod {name} is still there, {GONE_WITHIN_S} s after its removal was asked."
    raise PipelineError(what, f"see `kubectl describe pod {name} -n {namespace}`.")
