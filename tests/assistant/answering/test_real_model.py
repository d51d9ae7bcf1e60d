"""A real model on a real server: nothing of ours stands between, and no quality is asked of it."""

from dataclasses import replace
from pathlib import Path

from assistant_answers import HITS, NEVER, QUESTION, answering
from assistant_llama import serving

from include.assistant.answering.answer import Answer
from include.assistant.answering.answerer import Writing, make_answerer
from include.assistant.answering.support import unsupported

WAITS = {"connect_s": 20, "answer_s": 300, "tries": 1}  # on a busy machine
MOST = 96


def ask(url: str, cache: Path) -> Answer:
    """The answer to the question; of the prompt's examples, which take half the time, none is sent."""
    settings = answering(url, model="smollm2", most_tokens=MOST, waits=WAITS)
    answerer = make_answerer(settings, NEVER, cache)
    assert isinstance(answerer, Writing)
    file = answerer.prompt.file.model_copy(update={"examples": ()})
    return replace(answerer, prompt=replace(answerer.prompt, file=file)).answer(QUESTION, HITS)


def test_a_real_model_answers_in_the_form_is_checked_and_asked_once(tmp_path):
    with serving() as url:
        answer = ask(url, tmp_path)
        if "cut off by its longest" in answer.reason:  # on some processors it finds no end
            assert (answer.cause, answer.tokens_out) == ("provider", MOST)
            return
        again = ask(url, tmp_path)
    # The server is gone, and nobody says that it is the same model.
    assert ask(url, tmp_path).cause == "provider"
    assert (answer.provider, answer.model, answer.cached) == ("endpoint", "smollm2", False)
    # Its tokenizer cuts rules, passages and question into some hundred tokens.
    assert 300 < answer.tokens_in < 900 and 0 < answer.tokens_out <= MOST
    assert answer.refused == bool(answer.cause) == (not answer.sentences)
    for sentence in answer.sentences:
        assert unsupported(sentence, HITS, answering().checks) == ""
    assert again.cached and again.sentences == answer.sentences and again.reason == answer.reason
