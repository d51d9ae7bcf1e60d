"""A challenger answers in the shadow: late, wrong or never, and nobody waits for it."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from real_processes import wait_until
from small_rule import Rule, packaged, visits

from include.serving.batch import Batch
from include.serving.counts import Counts
from include.serving.request import Answered, Asked
from include.serving.served import Served, load
from include.serving.shadow import MOST_ROWS, Shadow

pytestmark = pytest.mark.usefixtures("counted_alone")


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return load(packaged(tmp_path, 0.1), Rule.read)


def answered(served: Served, request_id: str, rows: int = 1) -> Answered:
    batch = visits(*[2.0] * rows)
    asked = Asked(request_id, "features", b"[]", batch, datetime.now(UTC))
    return Answered(asked, "champion", served, served.model.answer(batch))


def challenger_of(served: Served, answer: Any) -> Served:
    model: Any = type("Model", (), {"answer": staticmethod(answer)})()
    return Served(served.manifest, model, served.levels, served.rows, "")


def count(name: str) -> float | None:
    return REGISTRY.get_sample_value(f"leeway_shadow_{name}_total")


def test_its_answer_is_written_under_the_id_of_the_request(served: Served) -> None:
    written: list[Answered] = []
    shadow = Shadow(written.append, Counts("sold"))
    challenger = challenger_of(served, lambda batch: batch.numbers[:, 0] * 0.3)
    shadow.offer(challenger, answered(served, "r1"))
    wait_until(lambda: count("answered") == 1, 30)
    [one] = written
    assert (one.asked.request_id, one.role, one.served) == ("r1", "challenger", challenger)
    assert one.probabilities.tolist() == pytest.approx([0.6])


def test_one_that_cannot_answer_is_counted_and_blamed_once(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    shadow = Shadow(print, Counts("sold"))
    challenger = challenger_of(served, lambda batch: batch.categories["none"])
    for _ in range(3):
        shadow.offer(challenger, answered(served, "r"))
    wait_until(lambda: count("failed") == 3, 30)
    assert caplog.text.count(f"The challenger {served.version} cannot answer: ") == 1
    shadow.offer(served, answered(served, "r"))
    wait_until(lambda: count("answered") == 1, 30)


def test_what_a_slow_one_has_no_time_for_is_dropped_and_counted(served: Served) -> None:
    shadow, go = Shadow(lambda _: None, Counts("sold")), threading.Event()

    def wait(batch: Batch) -> Any:
        go.wait(30)
        return batch.numbers[:, 0]

    slow = challenger_of(served, wait)
    shadow.offer(slow, answered(served, "taken"))
    wait_until(lambda: shadow.waiting.empty(), 30)
    half = MOST_ROWS // 2
    for rows in (half, half, 1, half):
        shadow.offer(slow, answered(served, "waits", rows))
    assert count("dropped") == 2
    go.set()
    wait_until(lambda: count("answered") == 3, 30)


def test_what_waits_for_one_that_was_replaced_does_not_hold_up_the_next(served: Served) -> None:
    shadow, go = Shadow(lambda _: None, Counts("sold")), threading.Event()
    slow = challenger_of(served, lambda batch: go.wait(30) and batch.numbers[:, 0])
    shadow.offer(slow, answered(served, "taken"))
    wait_until(shadow.waiting.empty, 30)
    for _ in range(4):
        shadow.offer(slow, answered(served, "waits"))
    shadow.offer(served, answered(served, "r"))
    go.set()
    wait_until(lambda: count("answered") == 2, 30)
    assert count("dropped") == 4
