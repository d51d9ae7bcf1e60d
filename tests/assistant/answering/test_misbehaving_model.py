"""Whatever a server of a model does, there is an answer or a reason, in time and for its price."""

import re
import time

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
from include.assistant.answering.faults import ModelFault
from include.assistant.answering.forbidden import KEY

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


def test_a_reply_that_is_not_of_the_form_is_not_kept(tmp_path):
    with model(replies("no JSON"), GOOD) as server:
        answerer = writing(server.url, tmp_path, waits={"tries": 1})
        assert answerer.answer(QUESTION, HITS).refused
        assert not answerer.answer(QUESTION, HITS).refused


def test_a_question_beyond_the_threshold_is_not_sent():
    with model(GOOD) as server:
        cold = NEVER.model_copy(update={"threshold": 0.9})
        answer = make_answerer(answering(server.url), cold, None).answer(QUESTION, HITS)
    assert answer.cause == "confidence" and server.requests == []
    assert "confidence 0.50, 0.90 is asked for" in answer.reason
