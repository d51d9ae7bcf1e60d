"""The confidence is a number that can be worked out by hand, from a file of numbers."""

from dataclasses import replace

import pytest
from assistant_answers import HITS, QUESTION, hit

from include.assistant.answering.refusal import NAMES, Refusal, Weight, features
from include.errors import DataError

FLAT = {name: Weight(mean=0, scale=1, weight=0) for name in NAMES}


def test_features_are_those_of_the_hits():
    seen = features("How many slots has the default pool?", HITS[::-1])
    # slots, default, pool: no word is unknown.
    assert (seen.cosine, seen.cosine_mean, seen.unknown) == pytest.approx((0.8, 0.8, 0))


def test_words_that_nothing_has_are_unknown():
    seen = features("Restart the zebra", HITS)
    assert seen.unknown == 0.5


def test_the_confidence_is_that_of_the_weights():
    weights = {**FLAT, "cosine": Weight(mean=0.5, scale=0.1, weight=2.0)}
    model = Refusal(threshold=0.5, intercept=-3, weights=weights)
    # -3 + 2 x (0.8 - 0.5) / 0.1 = 3; 1 / (1 + exp(-3)) = 0.952574
    assert model.confidence(QUESTION, HITS) == pytest.approx(0.952574, abs=1e-6)


@pytest.mark.parametrize("question", ["", "???", "what is it"], ids=["empty", "signs", "no word"])
def test_a_question_without_a_word_that_carries_meaning_has_no_confidence(question):
    assert Refusal(threshold=0.1, intercept=9, weights=FLAT).confidence(question, HITS) == 0


def test_what_is_written_is_read_again_and_is_the_same_bytes(tmp_path):
    model = Refusal(threshold=0.25, intercept=1.5, weights=FLAT)
    model.save(tmp_path / "a")
    model.save(tmp_path / "b")
    assert Refusal.load(tmp_path / "a") == model
    assert (tmp_path / "a/refusal.json").read_bytes() == (tmp_path / "b/refusal.json").read_bytes()


def test_a_file_that_is_missing_damaged_or_of_other_features_says_so(tmp_path):
    with pytest.raises(DataError, match=r"refusal.json does not exist.\n  Next: run `dvc repro`"):
        Refusal.load(tmp_path)
    (tmp_path / "refusal.json").write_text('{"threshold": 2}')
    with pytest.raises(DataError, match="holds no threshold of refusal: .*less than or equal to 1"):
        Refusal.load(tmp_path)
    Refusal(threshold=0.5, intercept=0, weights={"cosine": FLAT["cosine"]}).save(tmp_path)
    with pytest.raises(DataError, match="weighs other features than cosine, cosine_mean"):
        Refusal.load(tmp_path)


def test_the_best_five_are_looked_at_and_one_is_enough():
    far = [hit(str(n), ("T",), "Zebra.", cosine=0.1 * n, bm25=n) for n in range(1, 7)]
    seen = features("Restart the zebra", far)
    # The sixth, with .6, is not looked at: the mean of .1 to .5 is .3.
    assert (seen.cosine, seen.cosine_mean) == pytest.approx((0.5, 0.3))
    alone = features(QUESTION, [hit("x", ("T",), "Restart the scheduler.", cosine=0.3, bm25=0.0)])
    assert (alone.cosine_mean, alone.unknown) == (0.3, 0)


@pytest.mark.parametrize("times", [2, 5, 20])
def test_a_question_that_is_said_several_times_is_known_no_better(times):
    hits = [replace(one, bm25=one.bm25 * times) for one in HITS]  # BM25 adds up its words
    assert features(" ".join(["Restart the zebra."] * times), hits) == features(
        "Restart the zebra.", HITS
    )
