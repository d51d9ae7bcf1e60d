"""What is answered while a model fails, and what of it is told."""

import polars as pl
import pytest
from assistant_answers import HITS, NEVER, QUESTION, answering
from assistant_server import model, replies, status
from assistant_writing import RIGHT, ask, writing

from include.assistant.answering.answerer import make_answerer
from include.assistant.answering.faults import ModelFault
from include.assistant.evaluation import judging
from include.assistant.evaluation.answered import Asker
from include.assistant.evaluation.asked import QUESTIONS


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


def test_nothing_stands_in_for_a_model_that_is_evaluated():
    with model(replies("Sure! Here it is.")) as server:
        settings = answering(server.url, waits={"tries": 1}, when_down="extractive")
        strict = make_answerer(settings, NEVER, None, strict=True)
        asker = Asker(lambda question, without: HITS, strict.answer, strict.answer, 0.7)
        row = ("q", QUESTION, "answerable", ["s1"], "docs", "faq.md", "test")
        rows = asker.ask(pl.DataFrame([row], schema=QUESTIONS, orient="row"))
    assert rows["cause"].to_list() == ["provider"] and rows["sentences"][0].is_empty()
    numbers = judging.spent(rows)
    assert (numbers["model_faults"], numbers["model_calls"], numbers["tokens_in"]) == (1, 1, 100)


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
