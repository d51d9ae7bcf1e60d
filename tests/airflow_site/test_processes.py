"""Processes are ended with all their children, and no others with them."""

import contextlib
import json
import sqlite3
import subprocess
import sys

import pytest
from running_airflow import wait_until

from include.airflow_site import processes
from include.airflow_site.settings import Site
from include.errors import PipelineError


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "300"], start_new_session=True)


@pytest.fixture
def idle(tmp_path) -> Site:
    site = Site.of(tmp_path)
    site.home.mkdir()
    return site


def test_down_ends_what_was_started(idle):
    with sleeper() as process:
        processes.write(idle.home, {"scheduler": process.pid})
        processes.stop(idle)
        assert process.wait(10) == -15


def test_down_spares_a_stranger_that_got_the_number_of_a_process_that_ended(idle):
    with sleeper() as stranger:
        processes.write(idle.home, {"scheduler": stranger.pid})
        file = idle.home / "processes.json"
        [[pid, began]] = json.loads(file.read_text()).values()
        file.write_text(json.dumps({"scheduler": [pid, began - 1]}))
        processes.stop(idle)
        assert stranger.poll() is None
        assert not file.exists()
        stranger.kill()


def test_down_ends_what_a_killed_process_left_behind(idle):
    code = "import subprocess; print(subprocess.Popen(['sleep', '300']).pid, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=-1, stdout=-1, start_new_session=True
    ) as leader:
        left = int(leader.stdout.readline())
        processes.write(idle.home, {"scheduler": leader.pid})
        leader.kill()
        leader.wait()
        assert processes.alive(left)
        processes.stop(idle)
        wait_until(lambda: not processes.alive(left), 10)


def test_a_part_that_is_missing_is_not_up(idle):
    with sleeper() as process:
        processes.write(idle.home, {"api-server": process.pid})
        assert not processes.up(idle)
        process.kill()


def test_an_airflow_of_other_dags_is_not_up(idle):
    with sleeper() as process:
        processes.write(idle.home, dict.fromkeys(processes.PARTS, process.pid))
        (idle.home / "dags_folder").write_text(str(idle.dags))
        assert processes.up(idle)
        (idle.repo / "dags").mkdir()
        (idle.repo / "dags/own.py").touch()
        assert not processes.up(Site.of(idle.repo)), "the user drew one since it was started"
        process.kill()


STAND_IN = """
import sqlite3
open("asked", "a").write("x")
held = sqlite3.connect("airflow.db")
held.execute("create table if not exists alembic_version (version_num text)")
held.execute("insert into alembic_version values ('last')")
held.commit()
"""


def test_a_database_is_migrated_for_each_new_airflow_and_not_at_each_start(tmp_path):
    module, mark, database = (tmp_path / name for name in ("airflow", "migrated_by", "airflow.db"))
    for folder in (module, tmp_path / "logs"):
        folder.mkdir()
    (module / "__init__.py").touch()
    (module / "__main__.py").write_text(STAND_IN)
    told = []
    with contextlib.chdir(tmp_path):
        for change in (
            lambda: None,
            lambda: None,
            lambda: mark.write_text("3.0.0 last"),  # it was of another Airflow
            lambda: None,
            lambda: (database.unlink(), database.touch()),  # somebody emptied it
            database.unlink,
            lambda: sqlite3.connect(database).execute("drop table alembic_version"),
            lambda: None,
        ):
            change()
            processes.migrate(tmp_path, {"PYTHONPATH": str(tmp_path)})
            told.append(len((tmp_path / "asked").read_text()))
        (module / "__main__.py").write_text("raise SystemExit(1)")
        mark.write_text("3.0.0 last")
        with pytest.raises(PipelineError):
            processes.migrate(tmp_path, {"PYTHONPATH": str(tmp_path)})
    assert told == [1, 1, 2, 2, 3, 4, 5, 5]
    assert not mark.exists(), "one that was broken off is begun again"
