"""Breaker and waits, with a clock of ours."""

import pytest
from assistant_answers import Clock, answering

from include.assistant.answering.breaker import Breaker
from include.assistant.answering.endpoint import Server, near, wait
from include.assistant.answering.faults import BudgetSpent, ModelFault
from include.assistant.answering.settings import Answering
from include.assistant.answering.settings import Breaker as Opening


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
