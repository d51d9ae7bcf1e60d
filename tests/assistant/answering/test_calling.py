"""What a call costs, be it made, kept, tried again or refused."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from assistant_answers import HITS, NEVER, QUESTION, answering
from assistant_server import half, hangs, lists, model, replies, status, writes
from assistant_writing import GOOD, RIGHT, ask, writing

from include.assistant.answering.answerer import make_answerer
from include.assistant.answering.faults import BudgetSpent


def test_the_same_question_is_asked_once_and_one_that_changed_again(tmp_path):
    with model(GOOD) as server:
        first = writing(server.url, tmp_path).answer(QUESTION, HITS)
        again = writing(server.url, tmp_path).answer(QUESTION, HITS)
        assert len(server.requests) == 1
        assert (first.cached, again.cached) == (False, True)
        assert (again.sentences, again.tokens_in) == (first.sentences, first.tokens_in)
        assert (first.cost, again.cost, again.call_cost) == (first.call_cost, 0, first.call_cost)
        for asked, hits, more in (
            (f"{QUESTION} ", HITS, {}),
            (QUESTION, HITS[::-1], {}),
            (QUESTION, HITS, {"seed": 8}),
            (QUESTION, HITS, {"model": "other"}),
            (QUESTION, HITS, {"temperature": 0.5}),
            (QUESTION, HITS, {"model_revision": "2"}),
        ):
            assert not writing(server.url, tmp_path, **more).answer(asked, hits).cached
    assert len(server.requests) == 7


@pytest.mark.parametrize(
    ("before", "after", "cached"),
    [
        (lists(), lists(), True),
        (lists(root="/lora/1"), lists(root="/lora/1"), True),
        (lists(root="/lora/1"), lists(root="/lora/2"), False),
        (lists(meta={"size": 1}), lists(meta={"size": 2}), False),
        (status(404), status(200, "no JSON"), True),
        (lists(root="/lora/1"), status(500), False),
    ],
    ids=["says nothing", "the same", "another adapter", "another file", "no list", "down"],
)
def test_another_model_of_the_same_name_is_asked_anew(tmp_path, before, after, cached):
    with model(GOOD) as server:
        server.listing = before
        writing(server.url, tmp_path).answer(QUESTION, HITS)
        server.listing = after
        assert writing(server.url, tmp_path).answer(QUESTION, HITS).cached is cached
    assert server.looks == ["/v1/models"] * 2


def test_a_model_that_is_gone_is_not_answered_for_by_what_it_said(tmp_path):
    with model(GOOD, status(500)) as server:
        server.listing = lists(root="/lora/1")
        writing(server.url, tmp_path).answer(QUESTION, HITS)
        server.listing = status(500)
        again = writing(server.url, tmp_path).answer(QUESTION, HITS)
    assert (again.cause, again.cached) == ("provider", False)


def test_a_server_is_asked_for_its_model_until_it_is_there_to_say(tmp_path):
    with model(GOOD) as server:
        answerer = writing(server.url, tmp_path)
        for listing, looks in ((status(503), 1), (lists(root="/m"), 2), (status(503), 2)):
            server.listing = listing
            answerer.answer(f"{QUESTION} {looks}", HITS)
            assert len(server.looks) == looks
        writing(server.url).answer(QUESTION, HITS)
    assert len(server.looks) == 2  # where nothing is kept, it makes no difference


def test_the_same_question_of_several_at_once_is_paid_once(tmp_path):
    began, may = threading.Event(), threading.Event()

    def waits(handler):
        began.set()
        assert may.wait(10)
        GOOD(handler)

    with model(waits) as server, ThreadPoolExecutor(8) as pool:
        answerer = writing(server.url, tmp_path, waits={"answer_s": 20})
        asked = [pool.submit(answerer.answer, QUESTION, HITS) for _ in range(8)]
        assert began.wait(10)
        may.set()
        answers = [one.result() for one in asked]
    assert sorted(answer.cached for answer in answers) == [False] + [True] * 7
    assert len({answer.sentences for answer in answers}) == len(server.requests) == 1
    assert answerer.caller.asking == {}


def test_who_waited_for_one_who_got_no_answer_asks_himself(tmp_path):
    with model(status(400), GOOD) as server, ThreadPoolExecutor(2) as pool:
        answerer = writing(server.url, tmp_path)
        answers = [*pool.map(lambda _: answerer.answer(QUESTION, HITS), range(2))]
    assert sorted(answer.cause for answer in answers) == ["", "provider"]


def test_a_call_that_was_kept_costs_what_it_would_by_the_prices_of_now(tmp_path):
    prices = {"currency": "EUR", "tokens_in": 100.0, "tokens_out": 200.0}
    with model(GOOD) as server:
        writing(server.url, tmp_path).answer(QUESTION, HITS)
        again = writing(server.url, tmp_path, prices=prices).answer(QUESTION, HITS)
        cold = writing(server.url, prices=prices).answer(QUESTION, HITS)
    assert again.cached and not cold.cached
    assert again.call_cost == cold.call_cost == pytest.approx(0.012)


def test_a_call_that_was_kept_with_its_cost_is_still_one(tmp_path):
    with model(GOOD) as server:
        writing(server.url, tmp_path).answer(QUESTION, HITS)
        [path] = tmp_path.rglob("*.json")
        path.write_text(json.dumps({**json.loads(path.read_text()), "cost": 7, "currency": "USD"}))
        assert writing(server.url, tmp_path).answer(QUESTION, HITS).cached


def test_a_budget_that_is_spent_refuses_without_a_call():
    with model(GOOD) as server:
        answerer = writing(server.url, budget={"tokens": 2000})
        answers = [answerer.answer(f"{QUESTION} {number}", HITS) for number in range(40)]
        strict = make_answerer(
            answering(server.url, budget={"cost": 1e-6}), NEVER, None, strict=True
        )
        with pytest.raises(BudgetSpent, match="0 of 1e-06 USD are used, and a call may take"):
            strict.answer(QUESTION, HITS)
    causes = [answer.cause for answer in answers]
    made = causes.index("budget")
    assert causes == [""] * made + ["budget"] * (40 - made)
    assert len(server.requests) == made and 1 <= made * 110 <= 2000


@pytest.mark.parametrize(
    "behaviour",
    [
        writes((RIGHT, [1]), tokens=None),
        writes((RIGHT, [1]), tokens=(0, 0)),
        replies("no JSON", tokens=None),
        status(200, "no JSON at all"),
        half,
        hangs,
    ],
    ids=["says none", "says zero", "no form", "no server", "ends in the middle", "hangs"],
)
def test_a_call_of_which_nobody_says_what_it_took_counts_as_what_was_set_aside(behaviour):
    with model(behaviour) as server:
        answerer = writing(server.url, waits={"answer_s": 0.2, "tries": 1})
        answer = answerer.answer(QUESTION, HITS)
    # A token is three bytes of what was sent, and 64 may be written.
    sent = len(str(server.requests[0])) // 3
    assert answerer.caller.budget.use.tokens == pytest.approx(sent + 64, rel=0.1)
    assert answer.tokens_in + answer.tokens_out == answerer.caller.budget.use.tokens
    assert answer.cost == pytest.approx(answerer.caller.budget.use.cost) and answer.cost > 0


def test_a_budget_that_a_server_says_it_took_is_spent():
    more = {"extra": {"max_tokens": None, "max_completion_tokens": 8000}}
    with model(writes((RIGHT, [1]), tokens=(100, 5000))) as server:
        answerer = writing(server.url, budget={"tokens": 20_000}, **more)
        answers = [answerer.answer(f"{QUESTION} {n}", HITS) for n in range(5)]
    # Three times 5,100 are used, and 8,000 that it may write are beyond the budget after that.
    assert [answer.cause for answer in answers] == ["", "", "", "budget", "budget"]
    assert (len(server.requests), answers[0].tokens_out) == (3, 5000)
    assert answerer.caller.budget.use.tokens == 15_300


def test_what_a_server_says_is_believed_as_far_as_it_can_be():
    with model(writes((RIGHT, [1]), tokens=(10**30, 10**18))) as server:
        first = writing(server.url).answer(QUESTION, HITS)
    assert (first.cause, first.tokens_out) == ("", 1_000_000)
    # No token has less than a byte; a server may add 1,000 around what it is sent.
    assert first.tokens_in <= len(str(server.requests[0])) * 1.1 + 1000


def test_a_server_that_was_not_reached_costs_nothing():
    with model(GOOD) as server:
        url = server.url
    answerer = writing(url, waits={"tries": 1})
    assert answerer.answer(QUESTION, HITS).cause == "provider"
    assert answerer.caller.budget.use.tokens == 0


def test_tries_before_the_one_that_succeeds_are_paid_too():
    answer, calls = ask(replies("Sure!"), GOOD)
    assert (answer.cause, calls, answer.tokens_in, answer.tokens_out) == ("", 2, 200, 20)


def test_tries_before_a_budget_is_spent_are_paid_too():
    answer, calls = ask(replies("Sure!"), budget={"tokens": 1500}, waits={"tries": 9})
    assert (answer.cause, answer.tokens_in) == ("budget", 100 * calls) and 1 < calls < 9
