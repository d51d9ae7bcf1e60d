"""A real model on a real server: nothing of ours stands between, and no quality is asked of it."""

from pathlib import Path

from assistant_answers import HITS, NEVER, QUESTION, answering
from assistant_llama import serving

from include.assistant.answering.answer import Answer
from include.assistant.answering.answerer import make_answerer
from include.assistant.answering.support import unsupported

WAITS = {"connect_s": 10, "answer_s": 60, "tries": 1}


def ask(url: str, cache: Path) -> Answer:
    settings = answering(url, model="smollm2", most_tokens=160, waits=WAITS)
    return make_answerer(settings, NEVER, cache).answer(QUESTION, HITS)


def test_a_real_model_answers_in_the_form_is_checked_and_asked_once(tmp_path):
    with serving() as url:
        answer = ask(url, tmp_path)
    if answer.cause == "provider":  # on some processors, so small a model finds no end
        assert answer.reason == "The reply of the model was cut off by its longest."
        assert answer.tokens_out == 160
        return
    # The server is gone: the same question needs no call.
    again = ask(url, tmp_path)
    assert (answer.provider, answer.model, answer.cached) == ("endpoint", "smollm2", False)
    # Its tokenizer cuts rules, examples, passages and question into some hundred tokens.
    assert 500 < answer.tokens_in < 1500 and 0 < answer.tokens_out <= 160
    assert answer.refused == bool(answer.cause) == (not answer.sentences)
    for sentence in answer.sentences:
        assert unsupported(sentence, HITS, answering().checks) == ""
    assert again.cached and again.sentences == answer.sentences and again.reason == answer.reason
