"""Breaker, cache and waits, with a clock of ours."""

import os
import time
from dataclasses import replace

import pytest
from assistant_answers import Clock, answering

from include.assistant.answering import cache
from include.assistant.answering.breaker import Breaker
from include.assistant.answering.cache import Cache, Kept
from include.assistant.answering.endpoint import Server, near, wait
from include.assistant.answering.faults import BudgetSpent, ModelFault
from include.assistant.answering.settings import Answering
from include.assistant.answering.settings import Breaker as Opening

KEPT = Kept("ab" * 32, "endpoint", "http://x/v1", "m", 7, "p@1", "text", 0, 100, 10)


def fails(breaker: Breaker, down: bool = True) -> None:
    with pytest.raises(ModelFault, match="broken"), breaker.watching():
        raise ModelFault("broken", "mend", down=down)


def test_the_breaker_opens_finds_out_alone_and_closes():
    clock = Clock()
    breaker = Breaker(Opening(failures=2, open_s=30), clock)
    fails(breaker)
    fails(breaker)
    with (
        pytest.raises(ModelFault, match="failed 2 times in a row.*again in 30 s"),
        breaker.watching(),
    ):
        pass
    clock.now = 30
    with breaker.watching(), pytest.raises(ModelFault, match="left alone"), breaker.watching():
        pass  # another one is finding out
    with breaker.watching():
        pass
    assert breaker.failures == 0


def test_finding_out_that_it_still_fails_opens_it_again():
    clock = Clock()
    breaker = Breaker(Opening(failures=1, open_s=30), clock)
    fails(breaker)
    clock.now = 31
    fails(breaker)
    clock.now = 60
    with pytest.raises(ModelFault, match="again in 1 s"), breaker.watching():
        pass


def test_a_fault_of_one_question_or_of_ours_opens_nothing():
    clock = Clock()
    breaker = Breaker(Opening(failures=1, open_s=30), clock)
    fails(breaker, down=False)
    fails(breaker)
    clock.now = 30
    with pytest.raises(BudgetSpent), breaker.watching():
        raise BudgetSpent("spent", "wait")
    with breaker.watching():
        pass  # another one may find out


def test_a_success_in_between_begins_the_count_anew():
    breaker = Breaker(Opening(failures=2, open_s=30), Clock())
    fails(breaker)
    with breaker.watching():
        pass
    fails(breaker)
    with breaker.watching():
        pass


def test_what_is_kept_is_found_and_a_damaged_file_is_not(tmp_path, capsys):
    held = Cache(tmp_path)
    assert held.get(KEPT.key) is None
    held.put(KEPT)
    held.put(KEPT)
    assert held.get(KEPT.key) == KEPT
    assert [path.name for path in tmp_path.rglob("*.json")] == [f"{KEPT.key}.json"]
    held.path(KEPT.key).write_text('{"key":')
    assert held.get(KEPT.key) is None and "damaged" in capsys.readouterr().out
    # A file that was put under another name answers nothing.
    other = "cd" * 32
    held.put(KEPT)
    held.path(other).parent.mkdir()
    held.path(KEPT.key).rename(held.path(other))
    assert held.get(other) is None


def test_a_run_keeps_its_own_calls_alone(tmp_path):
    keys = ["ab" * 32, "cd" * 32, "ef" * 32]
    for key in keys:
        Cache(tmp_path).put(replace(KEPT, key=key))
    run = Cache(tmp_path)
    assert run.get(keys[0])
    run.put(replace(KEPT, key="01" * 32))
    run.forget_others()
    assert {path.stem for path in tmp_path.rglob("*.json")} == {keys[0], "01" * 32}


def test_a_cache_that_does_not_last_forgets_the_old_and_the_many(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "MOST", 2)
    keys = [f"{number:02d}" * 32 for number in range(5)]
    for number, key in enumerate(keys):
        Cache(tmp_path).put(replace(KEPT, key=key))
        made = time.time() - 86400 * (31 if number == 4 else number)
        os.utime(Cache(tmp_path).path(key), (made, made))
    served = Cache(tmp_path, lasting=False)
    assert served.get(keys[4]) is None and served.get(keys[3]) is not None
    served.limit()
    assert sorted(path.stem for path in tmp_path.rglob("*.json")) == keys[:2]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        (None, None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Fri, 31 Dec 99999999999 23:59:59 GMT", None),
        ("-1", 0),
    ],
)
def test_retry_after_is_a_number_or_a_date(header, seconds):
    assert wait(header) == seconds


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://localhost:8000/v1", True),
        ("http://vllm:8000/v1", True),
        ("http://10.1.2.3/v1", True),
        ("http://[::1]:80/v1", True),
        ("http://api.example.com/v1", False),
        ("http://8.8.8.8/v1", False),
        ("http://134744072/v1", False),
        ("http://0x08080808/v1", False),
        ("http://010.8.8.8/v1", False),
        ("http://[::ffff:8.8.8.8]/v1", False),
        ("http://api。example/v1", False),
        ("http://2130706433/v1", True),
    ],
)
def test_an_address_is_near_or_not(url, here):
    assert near(url) is here


def test_what_more_is_sent_is_of_the_settings():
    endpoint = answering(
        "http://x/v1", extra={"max_tokens": None, "max_completion_tokens": 64}
    ).endpoint
    body = Server(endpoint).body([], {})
    assert "max_tokens" not in body and body["max_completion_tokens"] == 64


def test_a_provider_needs_its_endpoint():
    held = answering().model_dump() | {"provider": "endpoint"}
    with pytest.raises(ValueError, match=r"needs answering\.endpoint"):
        Answering.model_validate(held)
