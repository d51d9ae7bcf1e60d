"""When a passage that is cited supports a sentence."""

import pytest

from include.assistant.evaluation.support import supported

QUEUE = (["Celery", "Queues"], "A worker takes tasks of the queue `default`, at most 4 at a time.")
RETRY = (["Airflow", "Retries"], "A task that fails is tried again after 5 minutes, twice.")


@pytest.mark.parametrize(
    ("sentence", "cited", "expected"),
    [
        ("A worker takes tasks of the queue default", [QUEUE], True),
        ("a WORKER takes\ntasks", [RETRY, QUEUE], True),
        ("Tasks of the default queue are taken by a worker, 4 at most.", [QUEUE], True),
        ("Tasks of the default queue are taken by a worker, 8 at most.", [QUEUE], False),
        (
            "A worker fails after minutes and tasks of the queue are tried again.",
            [QUEUE, RETRY],
            False,
        ),
        ("Restart the scheduler whenever something looks wrong.", [QUEUE, RETRY], False),
        ("A worker takes tasks.", [], False),
        ("", [QUEUE], False),
        ("...", [QUEUE], False),
    ],
    ids=[
        "word for word",
        "other case and lines",
        "other words, all there",
        "another number",
        "half of it in each",
        "of its own making",
        "no citation",
        "nothing",
        "no word",
    ],
)
def test_a_sentence_is_supported_by_one_passage_or_not(sentence, cited, expected):
    assert supported(sentence, cited, 1) is expected


SLOW = (
    ["Scheduler"],
    "The scheduler waits three minutes, or -1 for ever, and costs $5. Backups are enabled.",
)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The scheduler is waiting three minutes.", False),
        ("The scheduler waited three minutes.", True),
        ("The scheduler waits three minutes, or 1 for ever, and costs $5.", False),
        ("The scheduler waits three minutes, or -1 for ever, and costs €5.", False),
        ("The scheduler waits six minutes.", False),
        ("Backups are disabled.", False),
        ("The scheduler banana waits three minutes.", False),
    ],
    ids=["a word that is not there", "another ending", "a sign", "a currency", "a short number",
         "the opposite", "one word among all others"],
)  # fmt: skip
def test_where_all_words_are_asked_for_one_that_was_exchanged_is_seen(sentence, expected):
    assert supported(sentence, [SLOW], 1) is expected
