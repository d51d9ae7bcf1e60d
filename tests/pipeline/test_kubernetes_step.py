"""A pod is made once, followed to its end, and gone afterwards. The cluster is a stand-in."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import ProtocolError

from include.errors import PipelineError
from include.pipeline.places import kubernetes
from include.pipeline.places.kubernetes import in_pod

MANIFEST = {"metadata": {"name": "leeway-train", "namespace": "ml"}}
LINES = (b"2026-01-01T00:00:00.1Z epoch 1\n2026-01-01T", b"00:00:00.2Z epoch 2\n")


class Cluster:
    """As much of Kubernetes' API as a step asks for, with one pod that takes its time."""

    def __init__(
        self,
        exit_code: int = 0,
        reason: str = "Completed",
        stuck: bool = False,
        waiting: tuple[str, str] = ("ContainerCreating", ""),
        evicted: bool = False,
        logs: tuple[Any, ...] = (LINES,),
        outages: tuple[Exception, ...] = (),
    ) -> None:
        self.calls: list[str] = []
        self.pods: dict[str, int] = {}
        self.exit_code, self.reason, self.stuck, self.waiting = exit_code, reason, stuck, waiting
        self.evicted, self.logs, self.outages = evicted, list(logs), list(outages)

    def create_namespaced_pod(self, namespace: str, manifest: dict[str, Any]) -> None:
        self.calls.append(f"create {namespace}")
        name = manifest["metadata"]["name"]
        if name in self.pods:
            raise ApiException(status=409)
        self.pods[name] = 0

    def read_namespaced_pod(self, name: str, namespace: str) -> Any:
        if name not in self.pods:
            raise ApiException(status=404)
        if self.pods[name] == 2 and self.outages:
            raise self.outages.pop(0)
        self.pods[name] += 1
        phase = ("Pending", "Running", "Running")[min(self.pods[name], 3) - 1]
        if self.pods[name] > 3:
            phase = "Failed" if self.exit_code or self.evicted else "Succeeded"
        state = SimpleNamespace(terminated=None, waiting=None)
        if phase == "Pending":
            state.waiting = SimpleNamespace(reason=self.waiting[0], message=self.waiting[1])
        if phase in ("Failed", "Succeeded"):
            state.terminated = SimpleNamespace(reason=self.reason, exit_code=self.exit_code)
        return SimpleNamespace(
            status=SimpleNamespace(
                phase=phase,
                container_statuses=None if self.evicted else [SimpleNamespace(state=state)],
                conditions=None,
                reason="Evicted" if self.evicted else None,
                message="The node was low on memory." if self.evicted else None,
            )
        )

    def read_namespaced_pod_log(self, name: str, namespace: str, **asked: object) -> Any:
        assert asked == {"follow": True, "timestamps": True, "_preload_content": False}
        log = self.logs.pop(0) if len(self.logs) > 1 else self.logs[0]
        if isinstance(log, Exception):
            raise log
        return SimpleNamespace(stream=lambda: chunks(log))

    def delete_namespaced_pod(self, name: str, namespace: str, **asked: object) -> None:
        self.calls.append(f"delete {name}")
        if name not in self.pods:
            raise ApiException(status=404)
        if not self.stuck:
            del self.pods[name]


def chunks(log: tuple[Any, ...]) -> Iterator[bytes]:
    for part in log:
        if isinstance(part, Exception):
            raise part
        yield part


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubernetes.time, "sleep", lambda seconds: None)


def test_a_pod_is_followed_to_its_end_and_removed(capfd):
    cluster = Cluster()
    assert in_pod(cluster, MANIFEST, "train") == 0
    # The log was asked for again, for the pod still ran: no line comes twice.
    assert capfd.readouterr().out == "epoch 1\nepoch 2\n"
    assert cluster.pods == {}
    assert cluster.calls[:2] == ["delete leeway-train", "create ml"]


def test_what_an_earlier_try_left_is_gone_before_the_pod_is_made():
    cluster = Cluster()
    cluster.pods["leeway-train"] = 2
    assert in_pod(cluster, MANIFEST, "train") == 0
    assert cluster.calls.index("create ml") == 2


def test_the_exit_status_of_the_step_is_that_of_the_pod():
    assert in_pod(Cluster(exit_code=7), MANIFEST, "train") == 7


def test_a_pod_that_took_too_much_memory_says_so():
    cluster = Cluster(exit_code=137, reason="OOMKilled")
    with pytest.raises(PipelineError, match=r"'train' was killed: it used more memory"):
        in_pod(cluster, MANIFEST, "train")
    assert cluster.pods == {}


def test_a_broken_log_goes_on_where_it_broke(capfd):
    late = (*LINES, b"2026-01-01T00:00:00.3Z epoch 3")
    cluster = Cluster(logs=((LINES[0], ProtocolError("broken")), ApiException(status=502), late))
    assert in_pod(cluster, MANIFEST, "train") == 0
    assert capfd.readouterr().out == "epoch 1\nepoch 2\nepoch 3\n"


@pytest.mark.parametrize("outage", [ApiException(status=503), ProtocolError("reset")])
def test_a_step_outlives_a_short_silence_of_the_api(outage):
    assert in_pod(Cluster(outages=(outage,) * 3), MANIFEST, "train") == 0


def test_a_long_silence_of_the_api_says_so():
    cluster = Cluster(outages=(ApiException(status=503),) * 9)
    with pytest.raises(PipelineError, match=r"did not answer for 63 s"):
        in_pod(cluster, MANIFEST, "train")


def test_an_image_that_cannot_be_pulled_is_not_waited_for():
    cluster = Cluster(waiting=("ImagePullBackOff", "Back-off pulling image leeway/none"))
    with pytest.raises(PipelineError, match=r"cannot start: ImagePullBackOff: Back-off pulling"):
        in_pod(cluster, MANIFEST, "train")
    assert cluster.pods == {}


def test_a_pod_says_what_it_waits_for(capfd):
    cluster = Cluster(waiting=("Unschedulable", "0/3 nodes: 3 Insufficient nvidia.com/gpu"))
    assert in_pod(cluster, MANIFEST, "train") == 0
    assert "waiting: 0/3 nodes: 3 Insufficient nvidia.com/gpu\n" in capfd.readouterr().out


def test_an_evicted_pod_says_so():
    with pytest.raises(PipelineError, match=r"ended as Evicted: The node was low on memory"):
        in_pod(Cluster(evicted=True), MANIFEST, "train")


def test_a_pod_that_somebody_removed_says_so(monkeypatch):
    cluster = Cluster()
    monkeypatch.setattr(kubernetes, "follow", lambda *_: cluster.pods.clear() or "")
    with pytest.raises(PipelineError, match=r"was removed from outside"):
        in_pod(cluster, MANIFEST, "train")


def test_a_pod_that_does_not_go_is_an_error_and_no_second_one_is_made(monkeypatch):
    cluster = Cluster(stuck=True)
    cluster.pods["leeway-train"] = 2
    ticks = iter(range(0, 10_000, 10))
    monkeypatch.setattr(kubernetes.time, "monotonic", lambda: next(ticks))
    with pytest.raises(PipelineError, match=r"The pod leeway-train is still there"):
        in_pod(cluster, MANIFEST, "train")
    assert "create ml" not in cluster.calls
