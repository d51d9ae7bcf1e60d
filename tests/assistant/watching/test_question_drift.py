"""Whether people ask other things: chance is no drift, other words are, repetition is neither."""

import numpy as np
import polars as pl
import pytest

from include.assistant.watching.question_drift import VECTORS, apart, parts, questions
from include.assistant.watching.settings import Drift

DRIFT = Drift(before=4, least=20, most=300, alike=0.95, folds=5, resamples=100, seed=7)


def asked(
    questions: int, seed: int, shift: float = 0.0, by: str | None = None, size: int = 16
) -> pl.DataFrame:
    """Vectors of questions, shifted along one direction, and which encoder read them."""
    vectors = np.random.default_rng(seed).normal(size=(questions, size))
    vectors[:, 0] += shift
    scaled = np.rint(vectors / np.abs(vectors).max(axis=1, keepdims=True) * 127)
    return read([vector.astype(np.int8).tobytes() for vector in scaled], by)


def read(vectors: list[bytes], by: str | None = None) -> pl.DataFrame:
    return pl.DataFrame([(by, vector) for vector in vectors], VECTORS, orient="row")


def test_questions_of_the_same_kind_are_told_apart_by_chance_alone():
    found = apart(asked(100, 1), asked(200, 2), DRIFT, 0.95)
    assert (found.now, found.before) == (100, 200)
    assert found.area.low < 0.5 < found.area.high
    assert 0.4 < found.area.value < 0.6


def test_other_questions_are_told_apart_surely():
    found = apart(asked(60, 1, shift=4), asked(120, 2), DRIFT, 0.95)
    assert found.area.value > 0.95 and found.area.low > 0.9


def test_a_question_that_is_asked_again_and_again_counts_once():
    once = apart(asked(60, 1), asked(120, 2), DRIFT, 0.95)
    often = pl.concat([asked(60, 1), *[asked(60, 1)[:1]] * 500])
    again = apart(often, pl.concat([asked(120, 2)] * 3), DRIFT, 0.95)
    assert again == once


def spelt(asked: pl.DataFrame, ways: int) -> pl.DataFrame:
    """Each question in some spellings, whose vectors lie near each other."""
    drawn = np.random.default_rng(9)
    numbers = [np.frombuffer(vector, np.int8).astype(int) for vector in asked["vector"]]
    moved = [one + drawn.integers(-8, 9, len(one)) for one in numbers for _ in range(ways)]
    return read([one.clip(-127, 127).astype(np.int8).tobytes() for one in moved])


def test_a_question_in_other_words_is_no_other_question():
    now, before = (spelt(asked(n, n, size=128), 3) for n in (40, 120))
    each = DRIFT.model_copy(update={"alike": 1.0, "most": 1000})
    fooled = apart(now, before, each, 0.95)
    assert fooled.now == 120 and fooled.area.low > 0.7
    found = apart(now, before, each.model_copy(update={"alike": 0.9}), 0.95)
    assert (found.now, found.before) == (40, 120)
    assert found.area.low < 0.5 < found.area.high


def test_few_questions_in_many_spellings_tell_nothing():
    said = "fewer than 20 different questions were asked in it, or before"
    assert apart(spelt(asked(19, 1), 9), asked(50, 2), DRIFT, 0.95) == said


def test_a_question_of_both_sides_is_in_one_part():
    one = questions(np.vstack([np.eye(4), np.eye(4)]), 0.9)
    assert [*one] == [0, 1, 2, 3, 0, 1, 2, 3]
    found = parts(one, DRIFT)
    assert [*found[:4]] == [*found[4:]] and {*found} <= {*range(5)}


def test_the_order_of_the_log_changes_nothing():
    now, before = asked(400, 1), asked(400, 2)
    assert apart(now, before, DRIFT, 0.95) == apart(now.reverse(), before.reverse(), DRIFT, 0.95)


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (read([]), asked(50, 1)),
        (asked(19, 1), asked(50, 2)),
        (asked(50, 1), pl.concat([asked(1, 2)] * 50)),
    ],
    ids=["nobody asked", "too few", "one question, many times"],
)
def test_too_few_questions_tell_nothing(now, before):
    assert apart(now, before, DRIFT, 0.95) == (
        "fewer than 20 different questions were asked in it, or before"
    )


@pytest.mark.parametrize(
    "before",
    [
        asked(50, 2, by="b"),
        asked(50, 2),
        read([vector[:8] for vector in asked(50, 2)["vector"]], "a"),
        pl.concat([asked(50, 2, by="b"), asked(19, 3, by="a")]),
    ],
    ids=["another", "of lines that do not tell", "of another size", "too few of the same"],
)
def test_vectors_of_another_encoder_are_not_compared(before):
    assert apart(asked(50, 1, by="a"), before, DRIFT, 0.95) == (
        "another encoder read the questions before, so that their vectors say nothing here"
    )


def test_of_two_encoders_in_a_window_that_is_compared_which_read_before_too():
    now = pl.concat([asked(30, 1, by="a"), asked(60, 2, shift=9, by="b")])
    before = pl.concat([asked(90, 3, by="a"), asked(10, 4, by="b"), asked(90, 5)])
    found = apart(now, before, DRIFT, 0.95)
    assert (found.now, found.before) == (30, 90)
    assert found == apart(asked(30, 1), asked(90, 3), DRIFT, 0.95)
