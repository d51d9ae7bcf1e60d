"""What each task needs, imported once in the process that forks them. Airflow reads it at start.

A task is a fork of the scheduler, or of a Celery worker: what these have imported, it has. Without
this, each stage would start a Python and import DVC anew. A file of this name in Airflow's own
folder `config` goes before it: let that one import the same.
"""

import importlib
import importlib.util
import sys

from include import pipeline

FORKING = (["scheduler"], ["celery", "worker"])
NEEDED = (
    "airflow.dag_processing.dagbag",
    "airflow.sdk.execution_time.task_runner",
    "dvc.repo.reproduce",
    "dvc.repo.checkout",
    "dvc.repo.index",
    "dvc.dvcfile",
    "dvc.rwlock",
    "dvc.scm",
    "dvc.stage.run",
    "dvc_data.index",
    "networkx",
)
OURS = ("child.__main__", "judge.__main__", "opening.open_run", "closing.close_run")

forking = any(sys.argv[1 : 1 + len(words)] == words for words in FORKING)
# A scheduler whose tasks all run elsewhere needs no DVC.
if forking and importlib.util.find_spec("dvc"):
    for name in (*NEEDED, *(f"{pipeline.__name__}.{one}" for one in OURS)):
        importlib.import_module(name)
