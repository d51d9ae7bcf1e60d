"""An Airflow of its own for each process of tests, and a small DVC repository for each test."""

import gc
import os
import shutil
import signal
import tempfile
from pathlib import Path

import long_first
import pytest
import small_git
from running_airflow import put_database


def pytest_configure(config: pytest.Config) -> None:
    # A shell that starts tests in its background lets them, and all that they start, ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Airflow reads this when it is imported: no fixture comes early enough.
    home = tempfile.mkdtemp(prefix="airflow-of-tests-")
    os.environ |= {"AIRFLOW_HOME": home, "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    if not hasattr(config, "workerinput"):
        # For what is made once: workers are started later, with this environment.
        shared = tempfile.mkdtemp(prefix="shared-by-tests-")
        os.environ["SHARED_BY_TESTS"] = shared
        config.add_cleanup(lambda: shutil.rmtree(shared, ignore_errors=True))


@pytest.fixture(scope="session")
def airflow_database() -> Path:
    """The migrated SQLite database of this process's Airflow."""
    put_database(Path(os.environ["AIRFLOW_HOME"]))
    return Path(os.environ["AIRFLOW_HOME"]) / "airflow.db"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small DVC repository, to read only."""
    return small_git.make(tmp_path_factory.mktemp("made") / "repo")


@pytest.fixture
def repo(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, to change."""
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    return Path(shutil.copytree(made, tmp_path / "repo"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    long_first.order(items, Path(__file__).parent)


def pytest_collection_finish() -> None:
    """What is imported by now is left out of collections, which a fork would pay for page by page."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
