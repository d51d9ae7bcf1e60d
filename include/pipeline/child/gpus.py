"""How long a step held GPUs, by NVML, the library of NVIDIA's driver.

Not run on a GPU by our tests: they hold what is made of NVML's answers. Where the driver is not,
nothing is asked.
"""

import ctypes
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

DRIVER = Path("/dev/nvidiactl")
EVERY_S = 0.5
MOST = 512  # processes of a GPU


class Process(ctypes.Structure):
    """nvmlProcessInfo_t of nvml.h, as nvmlDeviceGetComputeRunningProcesses_v3 fills it."""

    _fields_ = [
        ("pid", ctypes.c_uint),
        ("used_bytes", ctypes.c_ulonglong),
        ("gpu_instance", ctypes.c_uint),
        ("compute_instance", ctypes.c_uint),
    ]


@contextmanager
def gpu_seconds(contained: bool) -> Iterator[list[float]]:
    """Add up, in the one number of a list, the seconds times the GPUs that are held.

    Args:
        contained: whether this process is alone in a container.
    """
    found, ended = [0.0], threading.Event()

    def watch() -> None:
        held, before = counter(contained), time.monotonic()  # to ask the driver takes a while
        while held is not None and not ended.wait(EVERY_S):
            now = time.monotonic()
            found[0] += (now - before) * held()
            before = now

    if not DRIVER.exists():
        yield found
        return
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def counter(contained: bool) -> Callable[[], int] | None:
    """What counts the GPUs that this process's group holds; None if the machine has no driver.

    A container has the GPUs that it was given to itself, and knows no process by the number that
    NVML has for it: it holds all that it sees, for as long as it is there.
    """
    try:
        nvml: Any = ctypes.CDLL("libnvidia-ml.so.1")
        if nvml.nvmlInit_v2() != 0:
            return None
        devices = devices_of(nvml)
    except (OSError, AttributeError):
        return None
    if contained:
        return lambda: len(devices)
    group = os.getpgrp()
    return lambda: sum(any(is_in(group, pid) for pid in pids_on(nvml, gpu)) for gpu in devices)


def devices_of(nvml: Any) -> list[ctypes.c_void_p]:
    """The GPUs of this machine."""
    count, found = ctypes.c_uint(), []
    if nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)) != 0:
        return []
    for index in range(count.value):
        device = ctypes.c_void_p()
        if nvml.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(device)) == 0:
            found.append(device)
    return found


def pids_on(nvml: Any, device: ctypes.c_void_p) -> list[int]:
    """The processes that compute on a GPU."""
    count, held = ctypes.c_uint(MOST), (Process * MOST)()
    status = nvml.nvmlDeviceGetComputeRunningProcesses_v3(device, ctypes.byref(count), held)
    return [held[index].pid for index in range(count.value)] if status == 0 else []


def is_in(group: int, pid: int) -> bool:
    """Whether a process is one of a group."""
    with suppress(OSError):
        return os.getpgid(pid) == group
    return False
