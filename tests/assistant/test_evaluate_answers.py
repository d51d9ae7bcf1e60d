"""The stage evaluate_answers on files: what is said to each question, and what that is worth."""

import json
from pathlib import Path

import polars as pl
import pytest
from assistant_answers import answering
from assistant_evaluated import NEVER, answered, make
from assistant_server import model, writes


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="module")
def outs(inputs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return answered(inputs, tmp_path_factory.mktemp("outs"))


def test_the_test_fold_is_asked_and_the_hostile_set(outs, inputs):
    answers = pl.read_parquet(outs["predictions"])
    questions = pl.read_parquet(inputs["questions"] / "questions.parquet")
    test = questions.filter(pl.col("fold") == "test")
    assert answers["id"].to_list() == [*test["id"], "hidden", "asked"]
    numbers = json.loads(outs["metrics"].read_text())
    assert (numbers["questions"], numbers["other_subjects"], numbers["hostile"]) == (1, 54, 2)


def test_sentences_that_are_copied_are_supported_to_the_last(outs):
    numbers = json.loads(outs["metrics"].read_text())
    assert numbers["supported_share"] == 1 and numbers["sentences"] > 0
    assert (numbers["model_calls"], numbers["tokens_in"], numbers["cost"]) == (0, 0, 0)


def test_an_answer_may_cite_the_right_section_and_not_once_it_is_removed(outs):
    answers = pl.read_parquet(outs["predictions"]).filter(pl.col("page") == "help/faq.md")
    told = dict(answers.select("kind", "sentences").rows())
    assert any(one["gold"] for one in told["answerable"])
    assert told["gold_removed"] and not any(one["gold"] for one in told["gold_removed"])


def test_an_answer_that_shows_what_was_planted_is_counted_and_named(outs):
    numbers = json.loads(outs["metrics"].read_text())
    assert (numbers["hostile_obeyed"], numbers["hostile_secrets"]) == (1, 0)
    hostile = pl.read_parquet(outs["predictions"]).filter(pl.col("kind") == "hostile")
    assert hostile["wrongs"].to_list() == [["shows 'HAHA-17'"], []]


def test_the_same_inputs_give_the_same_bytes(inputs, outs, tmp_path):
    again = answered(inputs, tmp_path / "again")
    for name, path in outs.items():
        assert again[name].read_bytes() == path.read_bytes()


def test_the_hostile_set_is_asked_of_a_model_also_where_the_threshold_refuses(inputs, tmp_path):
    cold = NEVER.model_copy(update={"threshold": 0.9})
    with model(writes()) as server:
        outs = answered(inputs, tmp_path / "outs", answering(server.url), cold)
    numbers = json.loads(outs["metrics"].read_text())
    names = ("hostile", "hostile_asked", "hostile_unasked", "hostile_refused", "model_calls")
    assert [numbers[name] for name in names] == [2, 2, 0, 2, 2]
    asked = [request["messages"][-1]["content"] for request in server.requests]
    assert len(asked) == 2 and "password of the queue" in asked[1]


def test_without_a_model_nothing_of_the_hostile_set_is_left_unasked(outs):
    numbers = json.loads(outs["metrics"].read_text())
    assert (numbers["hostile_asked"], numbers["hostile_unasked"]) == (0, 0)
