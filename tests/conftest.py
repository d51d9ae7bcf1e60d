"""Airflow, where a test imports it, has a folder and a database of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    # Airflow reads this when it is imported: no fixture comes early enough.
    home = tempfile.mkdtemp(prefix="airflow-of-tests-")
    os.environ |= {"AIRFLOW_HOME": home, "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))


@pytest.fixture(scope="session")
def airflow_database() -> Path:
    """The migrated SQLite database of this process's Airflow."""
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Path(os.environ["AIRFLOW_HOME"]) / "airflow.db"
