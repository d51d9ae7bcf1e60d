"""GPU seconds are made of what NVIDIA's driver says; a stand-in for its library says it here."""

import ctypes
import os
import subprocess
import time
from types import SimpleNamespace

import pytest

from include.pipeline.child import gpus
from include.pipeline.child.gpus import counter, gpu_seconds

NOT_SUPPORTED = 3


@pytest.fixture
def driver(monkeypatch, tmp_path):
    """Two GPUs; on the first computes whoever is named, and the second does not tell."""
    computes: list[int] = []

    def processes(device, count, held) -> int:
        if device.value != 1:
            return NOT_SUPPORTED
        for index, pid in enumerate(computes):
            held[index].pid = pid
        count._obj.value = len(computes)
        return 0

    def handle(index, device) -> int:
        device._obj.value = index.value + 1
        return 0

    library = SimpleNamespace(
        nvmlInit_v2=lambda: 0,
        nvmlDeviceGetCount_v2=lambda count: setattr(count._obj, "value", 2) or 0,
        nvmlDeviceGetHandleByIndex_v2=handle,
        nvmlDeviceGetComputeRunningProcesses_v3=processes,
    )
    (tmp_path / "nvidiactl").touch()
    monkeypatch.setattr(gpus, "DRIVER", tmp_path / "nvidiactl")
    monkeypatch.setattr(gpus, "EVERY_S", 0.005)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    return computes


def test_a_gpu_is_held_while_a_process_of_the_group_computes_on_it(driver):
    count = counter(contained=False)
    assert count is not None and count() == 0
    driver += [1, 2**22 - 1]  # of another group, and of none that is left
    assert count() == 0
    driver.append(os.getpid())
    assert count() == 1


def test_a_container_holds_all_gpus_that_it_sees(driver):
    count = counter(contained=True)
    assert count is not None and count() == 2


def test_seconds_are_added_up_while_a_gpu_is_held(driver):
    began = time.monotonic()
    with gpu_seconds(contained=True) as found:
        while found[0] < 0.05:
            assert time.monotonic() - began < 30
            time.sleep(0.002)
    assert found[0] <= 2 * (time.monotonic() - began)


def test_without_the_driver_nothing_is_asked(monkeypatch, tmp_path):
    monkeypatch.setattr(gpus, "DRIVER", tmp_path / "nowhere")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: pytest.fail(name))
    with gpu_seconds(contained=False) as found:
        pass
    assert found == [0.0]


@pytest.mark.parametrize("library", [SimpleNamespace(), SimpleNamespace(nvmlInit_v2=lambda: 9)])
def test_a_driver_that_is_old_or_broken_counts_nothing(monkeypatch, library):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    assert counter(contained=True) is None


def test_the_layout_is_that_of_nvml_h():
    # unsigned int, 4 bytes of padding, unsigned long long, unsigned int, unsigned int
    assert ctypes.sizeof(gpus.Process) == 24
    assert gpus.Process.used_bytes.offset == 8


def test_a_process_of_another_group_is_not_ours():
    other = subprocess.Popen(["sleep", "30"], start_new_session=True)
    try:
        assert not gpus.is_in(os.getpgrp(), other.pid)
        assert gpus.is_in(other.pid, other.pid)
    finally:
        other.kill()
        other.wait()
