"""The budget of a run, with a clock of ours."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from assistant_answers import Clock

from include.assistant.answering.budget import Budget
from include.assistant.answering.calling import may_write
from include.assistant.answering.faults import BudgetSpent
from include.assistant.answering.settings import Budget as Limits
from include.assistant.answering.settings import Prices

PRICES = Prices(currency="USD", tokens_in=1.0, tokens_out=2.0)


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
