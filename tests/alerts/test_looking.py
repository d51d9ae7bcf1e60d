"""Which runs and windows are alarms, and which say nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from include.alerts.looking import Deadlines, RunSeen, at_runs, at_window

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KINDS = ("hurts", "data")


def run(state: str, began_h: float, ended_h: float | None = None) -> RunSeen:
    """A run that began, and ended, so many hours ago."""
    ended = None if ended_h is None else NOW - ended_h * HOUR
    return RunSeen(f"{state}-{began_h}", state, NOW - began_h * HOUR, ended)


def look(*runs: RunSeen, **due: timedelta) -> dict[str, bool]:
    """Whether there is an alarm, by key."""
    found = at_runs("train", runs, Deadlines(**due), NOW)
    return {key.partition(":")[2]: alarm is not None for key, alarm in found.items()}


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], {}),
        ([run("running", 9)], {}),
        ([run("success", 9, 8)], {"failed": False}),
        ([run("success", 9, 8), run("failed", 5, 4)], {"failed": True}),
        ([run("failed", 9, 8), run("success", 5, 4)], {"failed": False}),
        (
            [run("failed", 9, 1), run("success", 5, 4)],
            {"failed": True},
        ),  # cleared, and failed again
        ([run("failed", 9, 8), run("running", 1)], {"failed": True}),
    ],
    ids=["none", "at work", "good", "failed", "good again", "cleared", "next one at work"],
)
def test_a_pipeline_has_failed_while_the_run_that_ended_last_has(runs, expected):
    assert look(*runs) == expected


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([run("success", 9, 8), run("running", 3)], {}),  # a task of the second has failed
        ([run("success", 9, 8), run("failed", 3, 1)], {"train:failed": True}),
        ([run("success", 9, 8), run("success", 3, 1)], {"train:failed": False}),
        ([run("success", 9, 8), run("running", 1)], {"train:failed": False}),
        ([run("success", 9, 8)], {"train:failed": False}),  # the callback came late
    ],
    ids=["at work", "failed", "good", "began later", "none at work"],
)
def test_a_success_before_a_failure_that_was_told_does_not_resolve_it(runs, expected):
    found = at_runs("train", runs, Deadlines(), NOW, failed_since=NOW - 2 * HOUR)
    assert {key: alarm is not None for key, alarm in found.items()} == expected


def test_a_run_is_overdue_while_it_is_not_at_its_end_by_its_deadline():
    assert look(run("running", 3), ends_within=2 * HOUR) == {"overdue": True}
    assert look(run("queued", 3), ends_within=2 * HOUR) == {"overdue": True}
    assert look(run("running", 2), ends_within=2 * HOUR) == {"overdue": False}
    assert look(ends_within=2 * HOUR) == {"overdue": False}
    [alarm] = at_runs("train", [run("running", 3)], Deadlines(2 * HOUR), NOW).values()
    assert (
        alarm.details
        == "It is to end within 2:00:00: running-3, running since 2026-07-01 09:00 UTC."
    )


def test_a_window_that_nobody_watched_is_an_alarm():
    due = {"at_least_every": 24 * HOUR}
    assert look(run("success", 26, 25), **due)["silent"]
    assert not look(run("success", 26, 23), **due)["silent"]
    assert look(run("success", 26, 25), run("failed", 2, 1), **due) == {
        "failed": True,
        "silent": True,
    }
    assert "silent" not in look(**due)  # it is new


def test_where_no_run_was_good_the_first_one_that_is_known_counts():
    due = {"at_least_every": 24 * HOUR}
    assert not look(run("failed", 23, 22), run("queued", 1), **due)["silent"]
    assert look(run("failed", 2, 1), run("failed", 25, 1.5), **due)["silent"]
    found = at_runs("train", [run("failed", 25, 1)], Deadlines(None, 24 * HOUR), NOW)
    said = "No run was good since 2026-06-30 11:00 UTC; one is due every 1 day, 0:00:00."
    assert found["train:silent"].details.startswith(said)


def check(name: str, passed: bool, value: float | None = 1.0, kind: str = "hurts") -> dict:
    return {"name": name, "kind": kind, "value": value, "passed": passed, "reason": f"{name}!"}


def window(*checks: dict, state: str = "hurts") -> dict:
    about = {"start": "2013-06-01", "end": "2013-07-01", "model": "v0.0.3", "state": state}
    return {**about, "checks": checks}


def test_a_check_beyond_its_limit_is_an_alarm_and_one_that_is_not_measured_says_nothing():
    checks = [check("auc", False), check("gap", True), check("log_loss", False, None)]
    found = at_window("watch", window(*checks, check("psi", False, kind="moved")), KINDS)
    assert found.keys() == {"watch:blind", "watch:auc", "watch:gap"}
    assert found["watch:auc"].details == "auc!\nIn 2013-06-01 to 2013-07-01, model v0.0.3."
    assert found["watch:gap"] is found["watch:blind"] is None


def test_that_nobody_can_tell_is_an_alarm():
    found = at_window("watch", window(state="blind"), KINDS)
    assert found["watch:blind"].title == "watch cannot tell whether the model is hurt"
