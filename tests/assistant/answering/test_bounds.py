"""Budget, breaker, cache and waits, with a clock of ours."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from assistant_answers import answering

from include.assistant.answering import cache
from include.assistant.answering.breaker import Breaker
from include.assistant.answering.budget import Budget
from include.assistant.answering.cache import Cache, Kept
from include.assistant.answering.calling import may_write
from include.assistant.answering.endpoint import Server, near, wait
from include.assistant.answering.faults import BudgetSpent, ModelFault
from include.assistant.answering.forbidden import KEY
from include.assistant.answering.settings import Answering, Prices
from include.assistant.answering.settings import Breaker as Opening
from include.assistant.answering.settings import Budget as Limits
from include.errors import ParamsError

PRICES = Prices(currency="USD", tokens_in=1.0, tokens_out=2.0)
KEPT = Kept("ab" * 32, "endpoint", "http://x/v1", "m", 7, "p@1", "text", 0, 100, 10)


class Clock:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def spend(budget: Budget, tokens_in: int, tokens_out: int) -> None:
    with budget.call(tokens_in, tokens_out, 0):
        pass


def spend_waiting(budget: Budget, seconds: float) -> None:
    with budget.call(1, 1, seconds):
        pass


def test_what_is_set_aside_counts_until_it_is_known():
    budget = Budget(Limits(tokens=100), PRICES, Clock())
    with budget.call(60, 30, 0) as call:
        with pytest.raises(BudgetSpent, match="90 of 100 tokens are used, and a call may take 20"):
            spend(budget, 10, 10)
        call.tokens_in, call.tokens_out = 40, 5
    spend(budget, 30, 25)
    with pytest.raises(BudgetSpent, match="100 of 100 tokens"):
        spend(budget, 1, 0)


def test_money_and_seconds_are_limits_too():
    clock = Clock()
    budget = Budget(Limits(cost=0.0003), PRICES, clock)
    spend(budget, 100, 100)
    with pytest.raises(
        BudgetSpent, match="0.0003 of 0.0003 USD are used, and a call may take 3e-06"
    ):
        spend(budget, 1, 1)
    budget = Budget(Limits(seconds=5), PRICES, clock)
    with budget.call(1, 1, 0):
        clock.now += 6
    with pytest.raises(BudgetSpent, match="6 of 5 s of waiting for the model are used"):
        spend(budget, 1, 1)


def test_seconds_that_a_call_may_take_are_set_aside_as_tokens_are():
    clock = Clock()
    budget = Budget(Limits(seconds=5), PRICES, clock)
    with budget.call(1, 1, 3):
        with pytest.raises(BudgetSpent, match="3 of 5 s of .* are used, and a call may take 3"):
            spend_waiting(budget, 3)
        clock.now += 1
    spend_waiting(budget, 3)
    assert budget.use.seconds == 1


def test_a_budget_is_there_again_after_its_time():
    clock = Clock()
    budget = Budget(Limits(tokens=10, every_s=60), PRICES, clock)
    spend(budget, 10, 0)
    clock.now = 60
    spend(budget, 10, 0)
    assert budget.use.tokens == 10


def test_threads_together_never_go_beyond_a_budget():
    budget = Budget(Limits(tokens=1000), PRICES)

    def try_one(_: int) -> bool:
        try:
            spend(budget, 30, 10)
        except BudgetSpent:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        made = sum(pool.map(try_one, range(60)))
    assert (made, budget.use.tokens) == (25, 1000)


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
    ],
)
def test_an_address_is_near_or_not(url, here):
    assert near(url) is here


def test_a_key_does_not_cross_the_network_in_clear(monkeypatch):
    far = answering("http://api.example.com/v1").endpoint
    Server(far)
    monkeypatch.setenv(KEY, "sesame-open")
    with pytest.raises(ParamsError, match=f"has no TLS, and {KEY} would cross") as caught:
        Server(far)
    assert "sesame" not in str(caught.value)


def test_what_more_is_sent_is_of_the_settings():
    endpoint = answering(
        "http://x/v1", extra={"max_tokens": None, "max_completion_tokens": 64}
    ).endpoint
    body = Server(endpoint).body([], {})
    assert "max_tokens" not in body and body["max_completion_tokens"] == 64


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        ({}, 64),
        ({"max_tokens": 32}, 32),
        ({"max_tokens": 32, "max_completion_tokens": 8000}, 8000),
        ({"max_completion_tokens": 100, "n": 5}, 500),
    ],
    ids=["no limit", "one", "the larger one", "of several replies"],
)
def test_as_much_is_set_aside_as_may_be_written(body, tokens):
    assert may_write(body, 64) == tokens


def test_a_provider_needs_its_endpoint():
    held = answering().model_dump() | {"provider": "endpoint"}
    with pytest.raises(ValueError, match=r"needs answering\.endpoint"):
        Answering.model_validate(held)
