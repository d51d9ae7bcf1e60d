"""What each part of Airflow does as it starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


PROBE = """
import gc, os, sys
sys.argv = ["airflow", *sys.argv[1:]]
import airflow_local_settings
print(gc.get_threshold()[0], flush=True)
if os.fork() == 0:
    print(gc.get_threshold()[0], flush=True)
    os._exit(0)
os.wait()
"""


@pytest.mark.parametrize(
    ("words", "limits"),
    [("triggerer", ["100000", "700"]), ("tasks run", ["700", "700"]), ("", ["700", "700"])],
    ids=["a part that starts", "a task", "an import"],
)
def test_a_start_is_not_searched_for_garbage_over_and_over_and_a_task_is(words, limits):
    path = os.pathsep.join((str(ROOT), str(ROOT / "plugins")))
    command = [sys.executable, "-c", PROBE, *words.split()]
    env = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == limits
