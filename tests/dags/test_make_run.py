"""`make run` runs the graphs, and no DAG that is for people and schedules."""

import shutil
from pathlib import Path

import pytest
from small_git import shell

ROOT = Path(__file__).parents[2]


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    for name in ("Makefile", "containers.mk"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "dags", tmp_path / "dags", ignore=shutil.ignore_patterns("*.pyc"))
    return tmp_path


def test_it_promotes_nothing_and_takes_a_new_graph(fork):
    new = "from dvc_dag import pipeline_dag\n\nroutes = pipeline_dag('routes')\n"
    (fork / "dags/routes.py").write_text(new)
    done = shell(fork, "make", "--dry-run", "run")
    [loop] = [line for line in done.splitlines() if line.startswith("for dag in ")]
    named = loop.removeprefix("for dag in ").partition(";")[0].split()
    assert {"flight_delays", "routes"} <= {*named}
    assert not {"flight_delays_promote", "flight_delays_rollback"} & {*named}
