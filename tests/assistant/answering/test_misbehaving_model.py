"""Whatever a server of a model does, there is an answer or a reason, in time and for its price."""

import json
import re
import time

import polars as pl
import pytest
from assistant_answers import HITS, NEVER, POOLS, QUESTION, SCHEDULER, answering
from assistant_server import (
    drips,
    drips_its_head,
    endless,
    half,
    hangs,
    hints,
    model,
    replies,
    status,
    writes,
)
from assistant_writing import GOOD, RIGHT, ask, writing

from include.assistant.answering.answer import Sentence
from include.assistant.answering.answerer import make_answerer
from include.assistant.answering.faults import BudgetSpent, ModelFault
from include.assistant.answering.forbidden import KEY
from include.assistant.evaluation import judging
from include.assistant.evaluation.answered import Asker
from include.assistant.evaluation.asked import QUESTIONS

QUICK = {"waits": {"answer_s": 0.3, "tries": 1}}


def test_an_answer_has_its_citations_and_what_it_cost():
    answer, calls = ask(GOOD)
    assert answer.sentences == (Sentence(RIGHT, ("aa",)),)
    assert (answer.refused, answer.cause, answer.provider, answer.model) == (
        False,
        "",
        "endpoint",
        "tiny-1",
    )
    # 100 tokens at 1 USD and 10 at 2 USD a million.
    assert (answer.tokens_in, answer.tokens_out, answer.cost) == (100, 10, pytest.approx(0.00012))
    assert answer.prompt.startswith("answer_from_passages@") and calls == 1
    assert answer.cited() == (SCHEDULER,)


def test_what_is_sent_holds_the_question_the_passages_the_seed_and_no_key():
    with model(GOOD) as server:
        writing(server.url).answer(QUESTION, HITS)
    sent = server.requests[0]
    last = sent["messages"][-1]["content"]
    assert SCHEDULER.text in last and POOLS.text in last and QUESTION in last
    assert (sent["model"], sent["seed"], sent["temperature"], sent["max_tokens"]) == (
        "tiny",
        7,
        0,
        64,
    )
    assert sent["response_format"]["json_schema"]["schema"]["required"] == [
        "answerable",
        "sentences",
    ]
    assert "Authorization" not in server.headers[0]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (hangs, r"did not answer within 0\.\d s"),
        (drips, r"did not answer within 0\.\d s"),
        (drips_its_head, r"did not answer within 0\.\d s"),
        (hints, r"did not answer within 0\.\d s"),
        (half, "connection to the model failed"),
        (endless, "larger than 1,000,000 bytes"),
        (status(500, "out of memory"), "answers HTTP 500: out of memory"),
        (status(302, location="http://elsewhere.example/"), "a redirect, which is not followed"),
        (status(404, "no such model"), "answers HTTP 404: no such model"),
        (status(200, "<html>login</html>"), "not as the API has it"),
        (replies("The scheduler"), "did not reply in the form asked for"),
        (replies('{"answerable": true, "sentences": [{"text": "x"}]}'), "passages"),
        (replies('{"answerable": tr', finish="length"), "cut off by its longest"),
        (writes(*[(RIGHT, [1])] * 3), "wrote 3 sentences, not 2"),
        (writes((f"{'scheduler restarted ' * 20}.", [1])), "has 401 characters"),
    ],
    ids=[
        "hangs", "drips", "drips its head", "only hints", "ends in the middle", "is endless", "500", "redirects", "404",
        "is no such server", "broken JSON", "no citation", "cut off", "too many sentences",
        "too long",
    ],
)  # fmt: skip
def test_a_provider_that_fails_is_a_refusal_that_says_why(behaviour, reason):
    began = time.monotonic()
    answer, calls = ask(behaviour, **QUICK)
    assert answer.refused and answer.cause == "provider" and answer.sentences == ()
    assert re.search(reason, answer.reason)
    assert calls == 1 and time.monotonic() - began < 2


def test_a_busy_server_is_asked_again_after_the_time_that_it_names():
    waited: list[float] = []
    answer, calls = ask(status(429, retry_after="7"), status(503), GOOD, sleep=waited.append)
    assert not answer.refused and calls == 3
    assert waited[0] == 7 and 1 <= waited[1] <= 2  # the second pause is at most twice the first


def test_a_server_that_asks_for_more_time_than_is_allowed_is_not_asked_again():
    answer, calls = ask(status(429, retry_after="3600"))
    assert calls == 1 and "It asks to wait 3600 s; 8 are allowed." in answer.reason


def test_a_refused_key_is_named_and_not_shown(monkeypatch):
    monkeypatch.setenv(KEY, "sk-very-secret-key-0123456789")
    with model(status(401, '{"error": "bad key sk-very-secret-key-0123456789"}')) as server:
        answer = writing(server.url).answer(QUESTION, HITS)
        with pytest.raises(
            ModelFault, match=f"HTTP 401: it refuses {KEY}.\n  Next: set {KEY}"
        ) as caught:
            make_answerer(answering(server.url), NEVER, None, strict=True).answer(QUESTION, HITS)
    assert server.headers[0]["Authorization"] == "Bearer sk-very-secret-key-0123456789"
    assert "sk-very" not in answer.reason + str(caught.value) and len(server.requests) == 2


def test_the_key_is_neither_in_the_cache_nor_in_an_answer(monkeypatch, tmp_path):
    monkeypatch.setenv(KEY, "plain-key-of-ours")
    with model(writes(("The scheduler is restarted with plain-key-of-ours.", [1]))) as server:
        answer = writing(server.url, tmp_path).answer(QUESTION, HITS)
    assert answer.cause == "forbidden" and answer.sentences == ()
    with model(GOOD) as server:
        assert not writing(server.url, tmp_path).answer(QUESTION, HITS).refused
    kept = "".join(path.read_text() for path in tmp_path.rglob("*.json"))
    assert RIGHT in kept and QUESTION not in kept


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
        ):
            assert not writing(server.url, tmp_path, **more).answer(asked, hits).cached
    assert len(server.requests) == 6


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


def test_a_reply_that_is_not_of_the_form_is_not_kept(tmp_path):
    with model(replies("no JSON"), GOOD) as server:
        answerer = writing(server.url, tmp_path, waits={"tries": 1})
        assert answerer.answer(QUESTION, HITS).refused
        assert not answerer.answer(QUESTION, HITS).refused


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


def test_a_server_that_is_down_is_left_alone_and_sentences_stand_in():
    with model(status(500)) as server:
        answerer = writing(
            server.url, breaker={"failures": 4, "open_s": 60}, when_down="extractive"
        )
        answers = [answerer.answer(QUESTION, HITS) for _ in range(3)]
    assert len(server.requests) == 4  # three tries, and one more until it opens
    assert {answer.provider for answer in answers} == {"extractive"}
    assert (
        answers[0].sentences[0].text
        == "The scheduler is restarted with systemctl restart airflow-scheduler."
    )


def test_what_a_model_took_for_nothing_is_kept_on_what_stands_in_for_it():
    answer, calls = ask(replies("Sure! Here it is."), when_down="extractive")
    assert (answer.provider, answer.model, answer.stood_in) == ("extractive", "tiny", "provider")
    assert not answer.refused and answer.sentences[0].text == RIGHT
    assert "did not reply in the form asked for" in answer.fault
    # Three tries of 100 tokens at 1 USD and 10 at 2 USD a million.
    assert (calls, answer.tokens_in, answer.tokens_out) == (3, 300, 30)
    assert answer.cost == answer.call_cost == pytest.approx(0.00036)


def test_tries_before_the_one_that_succeeds_are_paid_too():
    answer, calls = ask(replies("Sure!"), GOOD)
    assert (answer.cause, calls, answer.tokens_in, answer.tokens_out) == ("", 2, 200, 20)


def test_tries_before_a_budget_is_spent_are_paid_too():
    answer, calls = ask(replies("Sure!"), budget={"tokens": 1500}, waits={"tries": 9})
    assert (answer.cause, answer.tokens_in) == ("budget", 100 * calls) and 1 < calls < 9


def test_nothing_stands_in_for_a_model_that_is_evaluated():
    with model(replies("Sure! Here it is.")) as server:
        settings = answering(server.url, waits={"tries": 1}, when_down="extractive")
        strict = make_answerer(settings, NEVER, None, strict=True)
        asker = Asker(lambda question, without: HITS, strict.answer, 0.7)
        row = ("q", QUESTION, "answerable", ["s1"], "docs", "faq.md", "test")
        rows = asker.ask(pl.DataFrame([row], schema=QUESTIONS, orient="row"))
    assert rows["cause"].to_list() == ["provider"] and rows["sentences"][0].is_empty()
    numbers = judging.spent(rows)
    assert (numbers["model_faults"], numbers["model_calls"], numbers["tokens_in"]) == (1, 1, 100)


def test_a_question_beyond_the_threshold_is_not_sent():
    with model(GOOD) as server:
        cold = NEVER.model_copy(update={"threshold": 0.9})
        answer = make_answerer(answering(server.url), cold, None).answer(QUESTION, HITS)
    assert answer.cause == "confidence" and server.requests == []
    assert "confidence 0.50, 0.90 is asked for" in answer.reason


def test_a_stage_stops_for_a_model_that_is_down_and_not_for_a_reply_that_is_no_use():
    with model(status(500)) as server:
        settings = answering(server.url, waits={"tries": 1}, breaker={"failures": 1, "open_s": 60})
        strict = make_answerer(settings, NEVER, None, strict=True)
        with pytest.raises(ModelFault, match="HTTP 500"):
            strict.answer(QUESTION, HITS)
        with pytest.raises(ModelFault, match="is left alone"):
            strict.answer(QUESTION, HITS)
    for behaviour in (replies("no JSON"), status(400, "too many tokens")):
        with model(behaviour) as server:
            strict = make_answerer(
                answering(server.url, waits={"tries": 1}), NEVER, None, strict=True
            )
            assert strict.answer(QUESTION, HITS).cause == "provider"
