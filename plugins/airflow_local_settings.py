"""What each task needs, imported once in the process that forks them. Airflow reads it at start.

A task is a fork of the scheduler, or of a Celery worker: what these have imported, it has. Without
this, each stage would start a Python and import DVC anew. A file of this name in Airflow's own
folder `config` goes before it: let that one import the same.
"""

import gc
import importlib
import sys

from include.pipeline import forking

FORKING = (["scheduler"], ["celery", "worker"])
NEEDED = ("airflow.dag_processing.dagbag", "airflow.sdk.execution_time.task_runner")

# What a start makes stays: to look through it for garbage each 700 objects is a fifth of its time.
gc.set_threshold(100_000)

if any(sys.argv[1 : 1 + len(words)] == words for words in FORKING):
    # A scheduler whose tasks all run elsewhere needs no DVC, and may have none.
    forking.prepare()
    for name in NEEDED:
        importlib.import_module(name)
