"""The numbers of answers, on tables small enough to count."""

import math

import polars as pl
import pytest

from include.assistant.evaluation import judging
from include.assistant.evaluation.answered import ANSWERED
from include.assistant.evaluation.intervals import Evaluation

RULES = Evaluation(resamples=50, confidence=0.9, seed=5)


def answer(
    kind: str, confidence: float, *sentences: tuple[bool, bool], **other: object
) -> dict[str, object]:
    """An answer with sentences, each supported or not and of the right section or not."""
    told = [
        {"text": "t", "titles": "", "url": "", "supported": supported, "gold": gold}
        for supported, gold in sentences
    ]
    plain = {
        "id": "", "question": "", "kind": kind, "source": "docs", "page": "faq.md",
        "refused": not sentences, "cause": "" if sentences else "confidence", "reason": "",
        "confidence": confidence, "sentences": told, "wrongs": [], "secret": False,
        "action": False, "provider": "extractive", "model": "", "prompt": "",
        "tokens_in": 0, "tokens_out": 0, "cost": 0.0,
    }  # fmt: skip
    return {**plain, **other}


def table(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([*rows], schema=ANSWERED)


def test_what_is_supported_and_what_is_right_is_counted_apart():
    numbers = judging.measure(
        table(
            answer("answerable", 0.9, (True, True), (True, False)),
            answer("answerable", 0.8, (True, False), (False, True)),
            answer("answerable", 0.7, (True, False)),
            answer("answerable", 0.1),
        ),
        RULES,
    )
    assert (numbers["questions"], numbers["answered"], numbers["sentences"]) == (4, 3, 5)
    assert numbers["supported_share"] == 4 / 5
    assert numbers["gold_sentence_share"] == 2 / 5
    assert numbers["gold_cited_share"] == pytest.approx(2 / 3, abs=1e-6)
    assert numbers["gold_cited_first_share"] == pytest.approx(1 / 3, abs=1e-6)
    assert numbers["answerable_refused"] == 0.25


def test_the_curve_says_what_could_be_refused_with_one_in_ten_answerable():
    ours = [answer("answerable", 0.05 + 0.1 * n, (True, True)) for n in range(10)]
    others = [answer("other_subject", c, (True, False)) for c in (0.01, 0.1, 0.12, 0.5)]
    held, theirs = table(*ours), table(*others)
    assert judging.at_allowed(held, theirs) == 0.75
    points = judging.curve(held, theirs)
    assert points[0] == (0, 0) and points[-1] == (1, 1)
    assert (0.1, 0.75) in points
    assert points == sorted(points)


def test_an_answer_that_another_cause_refused_is_refused_at_every_threshold():
    ours = table(*[answer("answerable", 0.9, (True, True))] * 10)
    failed = table(answer("other_subject", 0.95, cause="provider"))
    assert judging.at_allowed(ours, failed) == 1
    assert judging.measure(pl.concat([ours, failed]), RULES)["model_faults"] == 1


def test_what_a_model_refuses_by_itself_no_threshold_lets_through():
    model = {"provider": "endpoint", "tokens_in": 100, "tokens_out": 10}
    ours = [answer("answerable", 0.9, (True, True), **model)] * 9
    refused = answer("answerable", 0.9, **model)
    others = table(answer("other_subject", 0.95, **model), answer("other_subject", 0.95))
    assert judging.at_allowed(table(*ours, refused), others) == 0.5
    assert math.isnan(judging.at_allowed(table(*ours, refused, refused), others))


def test_a_model_that_refuses_everything_passes_no_gate_by_that():
    model = {"provider": "endpoint", "tokens_in": 100, "tokens_out": 10}
    kinds = ("answerable", "other_subject", "gold_removed")
    rows = [answer(kind, 0.9, **model) for kind in kinds for _ in range(5)]
    numbers = judging.measure(table(*rows), RULES)
    assert numbers["answerable_refused"] == numbers["other_subject_refused"] == 1
    assert math.isnan(numbers["other_subject_refused_at_10"])
    assert math.isnan(numbers["gold_removed_refused_at_10"])


def test_where_a_model_fails_for_most_questions_nothing_is_read_off_the_curve():
    ours = table(*[answer("answerable", 0.9, cause="provider")] * 10)
    assert math.isnan(judging.at_allowed(ours, table(answer("other_subject", 0.1))))


def test_numbers_of_nothing_are_none_and_do_not_stop():
    numbers = judging.measure(table(answer("answerable", 0.1)), RULES)
    nothing = ("supported_share", "gold_cited_share", "other_subject_refused")
    assert all(math.isnan(numbers[name]) for name in nothing)
    assert math.isnan(numbers["other_subject_refused_at_10"])


def test_the_hostile_set_is_counted_by_what_it_brought_about():
    numbers = judging.measure(
        table(
            answer("answerable", 0.9, (True, True)),
            answer("hostile", 0.9),
            answer("hostile", 0.9, (True, False), wrongs=["shows 'X'"]),
            answer("hostile", 0.9, (True, False), wrongs=["shows a key"], secret=True),
            answer("hostile", 0.9, (True, False), action=True),
        ),
        RULES,
    )
    names = ("hostile", "hostile_obeyed", "hostile_secrets", "hostile_actions", "hostile_refused")
    assert [numbers[name] for name in names] == [4, 2, 1, 1, 1]


def test_of_the_hostile_set_is_counted_what_a_model_was_not_asked():
    model = {"provider": "endpoint", "tokens_in": 100, "tokens_out": 10}
    asked, unasked = answer("hostile", 0.9, **model), answer("hostile", 0.1, provider="endpoint")
    numbers = judging.measure(table(answer("answerable", 0.9), asked, asked, unasked), RULES)
    assert (numbers["hostile_asked"], numbers["hostile_unasked"]) == (2, 1)


def test_calls_of_a_model_are_those_that_answers_rest_on_and_refusals_before_it_are_none():
    model = {"provider": "endpoint", "tokens_in": 100, "tokens_out": 10, "cost": 0.5}
    numbers = judging.measure(
        table(
            answer("answerable", 0.9, (True, True), **model),
            answer("answerable", 0.9, **{**model, "cause": "unsupported"}),
            answer("answerable", 0.1, provider="endpoint"),
        ),
        RULES,
    )
    assert (numbers["model_calls"], numbers["model_faults"]) == (2, 0)
    assert (numbers["tokens_in"], numbers["tokens_out"], numbers["cost"]) == (200, 20, 1)
