"""A section counts as of another language only where that is sure."""

import pytest

from include.assistant.documents.parsing.languages import is_english
from include.assistant.documents.parsing.sections import Block

GERMAN = (
    "Der Worker verbindet sich mit dem Broker und holt dort seine Aufgaben ab. Wenn die Verbindung "
    "abbricht, versucht er es nach einigen Sekunden noch einmal, bis der Broker wieder antwortet."
)
ENGLISH = (
    "The worker connects to the broker and takes its tasks from there. When the connection is lost "
    "it tries again after some seconds, until the broker answers."
)
FEW_WORDS = "CELERY_BROKER_URL redis worker concurrency prefork gevent eventlet solo threads " * 4


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        (ENGLISH, False, True),
        (GERMAN, False, False),
        ("Der Worker verbindet sich mit dem Broker.", False, True),
        (GERMAN, True, True),
        (FEW_WORDS, False, True),
        ("ブローカーに接続できない場合は、数秒後に再試行します。", False, False),
    ],
    ids=["English", "German", "too short to tell", "code", "names of settings", "no blanks"],
)
def test_a_section_is_english_unless_it_is_surely_not(
    text: str, code: bool, expected: bool
) -> None:
    assert is_english([Block(text, code)]) is expected
