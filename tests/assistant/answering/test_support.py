"""A sentence is supported only if what it cites has its numbers, its names and its words."""

import pytest
from assistant_answers import HITS, answering, hit

from include.assistant.answering.answer import Sentence
from include.assistant.answering.support import unsupported

CHECKS = answering().checks
CELERY = hit(
    "cc",
    ("Celery", "Workers"),
    'Set `worker_concurrency` to 8 in airflow.cfg, not to 80. The flag --autoscale takes "10,3". '
    "Workers do not read the file again. CeleryExecutor needs Redis.",
)
FOUND = [*HITS, CELERY]


def why(text: str, *ids: str) -> str:
    return unsupported(Sentence(text, ids), FOUND, CHECKS)


@pytest.mark.parametrize(
    "text",
    [
        "Set `worker_concurrency` to 8 in airflow.cfg, not to 80.",
        "Workers do not read the file again.",
        "The CeleryExecutor needs Redis.",
        "worker_concurrency is set to 8 in airflow.cfg, not to 80.",
        "The flag --autoscale takes 10,3.",
    ],
)
def test_what_the_passage_says_is_supported_also_in_another_order(text):
    assert why(text, "cc") == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Set worker_concurrency to 16 in airflow.cfg.", "a number of it is not in what it cites"),
        ("Set worker_concurrency to 0 in airflow.cfg.", "a number of it is not"),
        ("It is set to 3 in airflow.cfg.", "a number of it is not"),
        ("Set worker_parallelism to 8 in airflow.cfg.", "a name of it is not in"),
        ("Set worker_concurrency to 8 in webserver.cfg.", "a name of it is not in"),
        ("The flag --max-workers takes 10,3.", "a name of it is not in"),
        ("The KubernetesExecutor needs Redis.", "a name of it is not in"),
        ("The workers need Kafka and Redis.", "a proper name of it is not in"),
        ("It says \"workers read the file twice\" again.", "a quotation of it is not in"),
        ("Workers read the file again.", "it says the opposite"),
        ("CeleryExecutor never needs Redis.", "it says the opposite"),
        ("Redis needs careful monthly backups elsewhere.", "of its words are not in"),
        ("It is so.", "it says nothing"),
    ],
    ids=[
        "a number", "a part of a number", "one of a list", "a setting", "a file", "a flag", "a name", "a proper name",
        "a quotation", "without its not", "with a never", "other words", "no words",
    ],
)  # fmt: skip
def test_what_the_passage_does_not_say_is_not(text, reason):
    assert reason in why(text, "cc")


KEYS = hit(
    "kk",
    ("Keys",),
    "Clearing a task lets it run again. Do not delete the database before a backup was made. Only "
    "administrators may reset the metadata database. If the disk is full, stop the scheduler; "
    "otherwise leave it running.",
)


@pytest.mark.parametrize(
    "text",
    [
        "Delete the database before a backup was made.",
        "Do not delete the database after a backup was made.",
        "Administrators may reset the metadata database.",
        "Stop the scheduler, leave it running.",
        "If the disk is full, leave the scheduler running.",
        "Clearing a task lets it run again only if the disk is full.",
    ],
)
def test_a_condition_is_neither_left_out_nor_added(text):
    assert "lacks its condition" in unsupported(Sentence(text, ("kk",)), [KEYS], CHECKS)


def test_a_sentence_with_its_condition_is_supported():
    said = Sentence("The metadata database may be reset only by administrators.", ("kk",))
    assert unsupported(said, [KEYS], CHECKS) == ""


def test_citations_are_of_passages_that_were_found():
    assert why("The default pool has 128 slots.") == "it cites nothing"
    assert (
        why("The default pool has 128 slots.", "bb", "zz")
        == "it cites a passage that was not found"
    )
    assert "words are not in" in why("A pool limits how many tasks run at a time.", "cc")


def test_a_sentence_may_need_both_of_its_passages():
    both = "The scheduler reads 16 files and the default pool has 128 slots."
    assert why(both, "aa", "bb") == ""
    assert why(both, "aa") == "a number of it is not in what it cites"


RETRY = hit(
    "rr",
    ("Retries",),
    "The scheduler waits three minutes before it retries a failed task. Backups are enabled by "
    "default. The limit is 30 seconds for a request, and 2 hours for a run. It takes -1 for all "
    "cores. A million tokens cost $5. Use Python 3.10+ and keep 80 % of the disk free. Clearing "
    "keeps the metadata. Some tasks may be larger than 16 MB. Set slots to 32 if there are 4 cores.",
)


@pytest.mark.parametrize(
    "text",
    [
        "The scheduler waits five minutes before it retries a failed task.",
        "The limit is 30 hours for a request.",
        "It takes 1 for all cores.",
        "A million tokens cost €5.",
        "Use Python 3.10 and keep 80 % of the disk free.",
        "Keep 80 of the disk free.",
        "Set slots to 4 if there are 32 cores.",
        "Backups are disabled by default.",
        "Clearing removes the metadata.",
        "Some tasks may be smaller than 16 MB.",
        "All tasks may be larger than 16 MB.",
        "Some tasks must be larger than 16 MB.",
        "The scheduler banana waits three minutes before it retries a failed task.",
    ],
    ids=[
        "a number in words", "a unit", "a sign", "a currency", "a sign behind", "a per cent", "two exchanged",
        "the opposite", "another verb", "a comparison", "how many", "a must", "a word of its own",
    ],
)  # fmt: skip
def test_one_word_that_was_exchanged_is_enough(text):
    assert unsupported(Sentence(text, ("rr",)), [RETRY], CHECKS) != ""


@pytest.mark.parametrize(
    "text",
    [
        "A failed task is retried, before which the scheduler waits three minutes.",
        "For a run the limit is 2 hours.",
        "Backups are enabled.",
        "A million tokens cost $5, and it takes -1 for all cores.",
    ],
)
def test_who_keeps_to_the_words_may_put_them_in_another_order(text):
    assert unsupported(Sentence(text, ("rr",)), [RETRY], CHECKS) == ""


@pytest.mark.parametrize(
    "text",
    ["I have cleared the metadata.", "It has been cleared.", "Done, backups are enabled."],
)
def test_who_says_that_it_has_acted_says_nothing_of_the_passage(text):
    assert unsupported(Sentence(text, ("rr",)), [RETRY], CHECKS) != ""


def test_words_from_all_over_a_passage_are_no_sentence_of_it():
    said = Sentence("Clearing backups cost the scheduler 2 hours, tasks and disk slots.", ("rr",))
    assert "from several places" in unsupported(said, [RETRY], CHECKS)
