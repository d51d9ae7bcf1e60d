"""A model at a server of ours answers the question of the tests."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant_answers import HITS, NEVER, QUESTION, answering
from assistant_server import Behaviour, model, writes

from include.assistant.answering.answer import Answer
from include.assistant.answering.answerer import Writing, make_answerer

RIGHT = "The scheduler is restarted with systemctl restart airflow-scheduler."
GOOD = writes((RIGHT, [1]))


def writing(
    url: str,
    cache: Path | None = None,
    sleep: Callable[[float], None] = lambda _: None,
    **more: Any,
) -> Writing:
    """An answerer of that endpoint, that does not wait between tries."""
    answerer = make_answerer(answering(url, **more), NEVER, cache)
    assert isinstance(answerer, Writing)
    return replace(answerer, caller=replace(answerer.caller, sleep=sleep))


def ask(*behaviours: Behaviour, **more: Any) -> tuple[Answer, int]:
    """The answer of a model that behaves so, and how often it was asked."""
    with model(*behaviours) as server:
        answer = writing(server.url, **more).answer(QUESTION, HITS)
    return answer, len(server.requests)
