"""Processes are ended with all their children, and no others with them."""

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
