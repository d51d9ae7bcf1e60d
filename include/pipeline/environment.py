"""The environment of steps, and of the processes that run them."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]

# A step has no business with keys and connections of Airflow, nor with a worker's login to git.
SECRET = ("AIRFLOW__", "AIRFLOW_CONN_", "AIRFLOW_VAR_", "_AIRFLOW", "GIT_CONFIG_")


def step_environment() -> dict[str, str]:
    """The environment of a step: that of this process, but for what is Airflow's or Leeway's."""
    found = {name: value for name, value in os.environ.items() if not name.startswith(SECRET)}
    paths = [path for path in found.pop("PYTHONPATH", "").split(os.pathsep) if path]
    kept = [path for path in paths if Path(path).resolve() != ROOT]
    return {**found, "PYTHONPATH": os.pathsep.join(kept)} if kept else found


def python_path() -> str:
    """Where a new Python finds this package, whatever the folder it is started in."""
    return os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
