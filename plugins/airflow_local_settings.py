"""What each task needs, imported once in the process that forks them. Airflow reads it at start.

A task is a fork of the scheduler, or of a Celery worker: what these have imported, it has. Without
this, each stage would start a Python and import DVC anew. A file of this name in Airflow's own
folder `config` goes before it: let that one import the same.
"""

import gc
import importlib
import os
import sys

from include.pipeline import forking

FORKING = (["scheduler"], ["celery", "worker"])
NEEDED = ("airflow.dag_processing.dagbag", "airflow.sdk.execution_time.task_runner")

# What these make as they start stays: to look through it for garbage each 700 objects is a fifth
# of their time. What they fork, such as tasks, is other people's code, and has Python's own limits.
STARTING = ("api-server", "dag-processor", "db", "scheduler", "triggerer")
if sys.argv[1:2] and sys.argv[1] in STARTING:
    held = gc.get_threshold()
    os.register_at_fork(after_in_child=lambda: gc.set_threshold(*held))
    gc.set_threshold(100_000, *held[1:])

if any(sys.argv[1 : 1 + len(words)] == words for words in FORKING):
    # A scheduler whose tasks all run elsewhere needs no DVC, and may have none.
    forking.prepare()
    for name in NEEDED:
        importlib.import_module(name)
