"""Intervals come from pages, and are the same each time."""

import json

import polars as pl

from include.assistant.evaluation import intervals
from include.assistant.evaluation.intervals import Evaluation

RULES = Evaluation(resamples=200, confidence=0.9, seed=5)


def asked(pages: str) -> pl.DataFrame:
    return pl.DataFrame({"source": ["docs"] * len(pages), "page": [*pages]})


def test_the_value_is_the_mean_and_the_draws_are_of_pages():
    period = intervals.draws(asked("aaab"), RULES)
    assert period.day.tolist() == [0, 0, 0, 1]
    one = intervals.mean(period, [1, 1, 1, 0], RULES)
    # A draw holds page a twice, each once, or page b twice: 1, 3/4 or 0.
    assert (one.value, one.low, one.high) == (0.75, 0, 1)


def test_pages_of_one_name_in_two_sources_are_two():
    table = pl.DataFrame({"source": ["x", "y"], "page": ["faq", "faq"]})
    assert intervals.draws(table, RULES).draws.shape == (201, 2)


def test_the_same_seed_gives_the_same_interval_and_the_order_of_questions_does_not_matter():
    values = [1.0, 0.0, 0.5, 0.25]
    one = intervals.mean(intervals.draws(asked("abca"), RULES), values, RULES)
    again = intervals.mean(intervals.draws(asked("acba"), RULES), [1.0, 0.5, 0.0, 0.25], RULES)
    assert one == again


def test_one_page_has_no_width_at_all():
    one = intervals.mean(intervals.draws(asked("aa"), RULES), [1, 0], RULES)
    assert (one.low, one.high) == (0.5, 0.5)


def test_what_is_no_number_is_null_in_a_file_of_metrics(tmp_path):
    intervals.write_metrics(tmp_path / "m.json", {"a": float("nan"), "b": 1})
    assert json.loads((tmp_path / "m.json").read_text()) == {"a": None, "b": 1}
