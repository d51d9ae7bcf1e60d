"""The service can be tried on data that ends in the past."""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import real_days

from include.flights import columns, trial
from include.flights.serving.asked import Flights
from include.flights.serving.online import Features
from include.serving.lookup import OnlineStore

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return real_days.make(tmp_path_factory.mktemp("trial"))


def test_flights_of_the_last_day_can_be_asked_about_with_all_that_is_known(
    days: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(days)
    told = trial.prepared(Path("data"))
    now = datetime.fromisoformat(told["LEEWAY_SERVE_CLOCK"])
    sent = Path(told["LEEWAY_SERVE_EXAMPLE"]).read_bytes()
    assert len(json.loads(sent)) == 2
    schedule = Flights(real_days.zones(days), 10).read(sent, now + timedelta(minutes=5))
    names = tuple(columns.names("number"))
    found = Features(names, OnlineStore(Path(told["LEEWAY_ONLINE"]))).of(schedule, now)
    # An aircraft may have rested for more than a day.
    assert {view for views in found.stale for view in views} <= {"aircraft_last_leg"}
    assert "departure_schedule" not in found.missing[0] + found.missing[1]


def trial_in(folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    held = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-m", "include.flights.trial"]
    return subprocess.run(
        command, cwd=folder, env=held, capture_output=True, text=True, check=False
    )


def test_a_service_for_real_is_left_alone_and_without_flights_it_says_so(tmp_path: Path) -> None:
    assert trial_in(tmp_path, LEEWAY_ONLINE="data/online").stdout == "{}\n"
    done = trial_in(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "No flights can be asked about: data/validated/flights holds no flight." in done.stderr
