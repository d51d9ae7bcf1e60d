"""A process that leads a group, and ends with the task that it works for.

When the process that started it dies, even by kill -9, it is told so, and ends the group: no step
goes on without the task that it belongs to.
"""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """End the whole group when the parent ends, however it ends; 0 is no parent: a container."""
    signal.signal(signal.SIGTERM, end_group)
    # Airflow's workers ignore it, and so would we and all steps.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if parent and os.getppid() != parent:
        end_group()


def end_group(*_: object) -> None:
    """Kill this process and all that it started."""
    os.killpg(os.getpgrp(), signal.SIGKILL)
