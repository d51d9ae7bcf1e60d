"""Processes are ended with all their children, and no others with them."""

import contextlib
import json
import subprocess
import sys

import pytest
from running_airflow import wait_until

from include.airflow_site import processes
from include.airflow_site.settings import Site


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


def test_a_database_is_migrated_for_each_new_airflow_and_not_at_each_start(tmp_path):
    stand_in = tmp_path / "airflow/__main__.py"
    stand_in.parent.mkdir()
    stand_in.with_name("__init__.py").touch()
    stand_in.write_text("open('asked', 'a').write('x'); open('airflow.db', 'a')")
    (tmp_path / "logs").mkdir()
    asked = tmp_path / "asked"
    with contextlib.chdir(tmp_path):
        for by, times in ((None, 1), (None, 1), ("3.0.0", 2), (None, 2)):
            if by:
                (tmp_path / "migrated_by").write_text(by)
            processes.migrate(tmp_path, {"PYTHONPATH": str(tmp_path)})
            assert len(asked.read_text()) == times
        (tmp_path / "airflow.db").unlink()
        processes.migrate(tmp_path, {"PYTHONPATH": str(tmp_path)})
        assert len(asked.read_text()) == 3
