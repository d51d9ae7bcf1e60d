"""A pod is made once, followed to its end, and gone afterwards. The cluster is a stand-in."""

from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from include.errors import PipelineError
from include.pipeline import kubernetes_step

MANIFEST = {"metadata": {"name": "leeway-train", "namespace": "ml"}}


class Cluster:
    """As much of Kubernetes' API as a step asks for, with one pod that takes its time."""

    def __init__(self, exit_code: int = 0, reason: str = "Completed", stuck: bool = False) -> None:
        self.calls: list[str] = []
        self.pods: dict[str, int] = {}
        self.exit_code, self.reason, self.stuck = exit_code, reason, stuck

    def create_namespaced_pod(self, namespace: str, manifest: dict[str, Any]) -> None:
        self.calls.append(f"create {namespace}")
        name = manifest["metadata"]["name"]
        if name in self.pods:
            raise ApiException(status=409)
        self.pods[name] = 0

    def read_namespaced_pod(self, name: str, namespace: str) -> Any:
        self.pods[name] += 1
        phase = ("Pending", "Running", "Running")[min(self.pods[name], 3) - 1]
        if self.pods[name] > 3:
            phase = "Failed" if self.exit_code else "Succeeded"
        ended = SimpleNamespace(reason=self.reason, exit_code=self.exit_code)
        states = [SimpleNamespace(state=SimpleNamespace(terminated=ended))]
        return SimpleNamespace(status=SimpleNamespace(phase=phase, container_statuses=states))

    def read_namespaced_pod_log(self, name: str, namespace: str, **asked: object) -> Any:
        assert asked == {"follow": True, "_preload_content": False}
        return SimpleNamespace(stream=lambda: iter([b"epoch 1\n", b"epoch 2\n"]))

    def delete_namespaced_pod(self, name: str, namespace: str, **asked: object) -> None:
        self.calls.append(f"delete {name}")
        if name not in self.pods:
            raise ApiException(status=404)
        if not self.stuck:
            del self.pods[name]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubernetes_step.time, "sleep", lambda seconds: None)


def test_a_pod_is_followed_to_its_end_and_removed(capfd):
    cluster = Cluster()
    assert kubernetes_step.in_pod(cluster, MANIFEST, "train") == 0
    assert capfd.readouterr().out == "epoch 1\nepoch 2\n"
    assert cluster.pods == {}
    assert cluster.calls[:2] == ["delete leeway-train", "create ml"]


def test_what_an_earlier_try_left_is_gone_before_the_pod_is_made():
    cluster = Cluster()
    cluster.pods["leeway-train"] = 2
    assert kubernetes_step.in_pod(cluster, MANIFEST, "train") == 0
    assert cluster.calls.index("create ml") == 2


def test_the_exit_status_of_the_step_is_that_of_the_pod():
    assert kubernetes_step.in_pod(Cluster(exit_code=7), MANIFEST, "train") == 7


def test_a_pod_that_took_too_much_memory_says_so():
    cluster = Cluster(exit_code=137, reason="OOMKilled")
    with pytest.raises(PipelineError, match=r"'train' was killed: it used more memory"):
        kubernetes_step.in_pod(cluster, MANIFEST, "train")
    assert cluster.pods == {}


def test_a_pod_that_does_not_go_is_an_error_and_no_second_one_is_made(monkeypatch):
    cluster = Cluster(stuck=True)
    cluster.pods["leeway-train"] = 2
    ticks = iter(range(0, 10_000, 10))
    monkeypatch.setattr(kubernetes_step.time, "monotonic", lambda: next(ticks))
    with pytest.raises(PipelineError, match=r"The pod leeway-train is still there"):
        kubernetes_step.in_pod(cluster, MANIFEST, "train")
    assert "create ml" not in cluster.calls
