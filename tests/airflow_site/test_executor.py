"""The scheduler of the embedded Airflow sleeps while tasks run, and wakes when one ends."""

import time
from threading import Timer
from types import SimpleNamespace

import pytest

from include.airflow_site.executor import LOOK_S, LocalExecutor

TASK = SimpleNamespace(key="a", queue="default", display_name="a")


@pytest.fixture
def executor():
    """One whose workers take tasks from its queue only when the test does."""
    made = LocalExecutor(parallelism=1)
    made._spawn_worker = lambda: None
    made.start()
    yield made
    made.activity_queue.close()
    made.result_queue.close()


def give(executor: LocalExecutor) -> None:
    executor.queued_tasks = {"a": TASK}
    executor.activity_queue = SimpleNamespace(
        put=lambda _: None, empty=lambda: True, close=lambda: None
    )
    executor._process_workloads([TASK])


def slept(executor: LocalExecutor) -> float:
    began = time.monotonic()
    executor.sync()
    return time.monotonic() - began


def test_without_a_task_it_looks_at_once(executor):
    assert slept(executor) < LOOK_S / 2


def test_while_a_task_runs_it_sleeps(executor):
    give(executor)
    assert slept(executor) >= LOOK_S


def test_it_wakes_when_a_task_ends_and_has_no_more_to_wait_for(executor):
    give(executor)
    Timer(0.1, executor.result_queue.put, [("a", "success", None)]).start()
    assert slept(executor) < LOOK_S
    assert executor.event_buffer == {"a": ("success", None)}
    assert slept(executor) < LOOK_S / 2


def test_a_task_that_waits_for_a_worker_is_given_to_it_at_once(executor):
    give(executor)
    executor.queued_tasks = {"b": TASK}
    assert slept(executor) < LOOK_S / 2


def test_a_task_given_again_is_known_when_its_earlier_process_is_seen_to_end(executor):
    give(executor)
    give(executor)  # it waited for a person, who answered before that process had ended
    executor.result_queue.put(("a", "success", None))
    executor.sync()
    found = SimpleNamespace(id="1", key="a")
    assert executor.has_task(found)
    executor.result_queue.put(("a", "failed", None))
    executor.sync()
    assert not executor.has_task(found)
