"""Where a section stands, and what ir-measures makes of that."""

import numpy as np
import pytest

from include.assistant.evaluation.ranking import DEPTH, measured, ranked

SECTIONS = ["a", "a", "b", "c", "d"]


def scores(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def test_a_section_stands_where_its_best_passage_stands():
    assert ranked(scores(0.1, 0.9, 0.8, 0.95, 0.2), SECTIONS, {"c"}) == [
        (3, "c"),
        (1, "a"),
        (2, "b"),
        (4, "d"),
    ]


def test_sections_that_answer_together_count_as_one_where_the_first_of_them_stands():
    found = ranked(scores(0.9, 0.1, 0.8, 0.7, 0.6), SECTIONS, {"b", "d"})
    assert found == [(0, "a"), (2, "b"), (3, "c")]
    assert ranked(scores(0.1, 0.1, 0.2, 0.3, 0.9), SECTIONS, {"b", "d"})[0] == (4, "b")


def test_equal_scores_keep_the_order_of_the_index_and_no_score_is_not_found():
    assert ranked(scores(1, 1, 1, 1, 1), SECTIONS, {"d"})[0] == (0, "a")
    assert ranked(scores(0, 0, 0, 2, 0), SECTIONS, {"c"}, only_above=0.0) == [(3, "c")]


def test_no_more_is_kept_than_a_measure_looks_at():
    many = [str(number) for number in range(50)]
    assert len(ranked(scores(*range(50)), many, {"0"})) == DEPTH == 10


@pytest.mark.parametrize(
    ("place", "ndcg", "recall"),
    [(1, 1.0, 1.0), (3, 0.5, 1.0), (6, 1 / np.log2(7), 0.0), (11, 0.0, 0.0)],
    ids=["first", "third", "sixth", "not among ten"],
)
def test_a_place_is_worth_what_the_measures_say(place, ndcg, recall):
    units = [f"u{number}" for number in range(1, 11)]
    if place <= 10:
        units[place - 1] = "right"
    found = measured({"q": units}, {"q": "right"})
    assert found["ndcg_at_10"] == pytest.approx([ndcg])
    assert found["recall_at_5"] == pytest.approx([recall])


def test_a_question_for_which_nothing_is_found_counts_as_nought_and_keeps_its_place():
    found = measured({"p": [], "q": ["right"]}, {"p": "right", "q": "right"})
    assert found == {"ndcg_at_10": [0.0, 1.0], "recall_at_5": [0.0, 1.0]}
