"""The stage evaluate_search on files: four ways to search, asked the same questions."""

import json
from pathlib import Path

import polars as pl
import pytest
from assistant_evaluated import RULES, make

from include.assistant.evaluate_search import evaluate_search
from include.assistant.evaluation.finding import SYSTEMS
from include.assistant.retrieval.search import Search
from include.errors import DataError


def evaluate(inputs: dict[str, Path], folder: Path, weight: float = 1.0) -> dict[str, Path]:
    """Run the stage; its outs."""
    folder.mkdir()
    outs = {"predictions": folder / "search.parquet", "metrics": folder / "search.json"}
    evaluate_search(**inputs, **outs, search=Search(bm25_weight=weight), evaluation=RULES)
    return outs


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="module")
def outs(inputs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return evaluate(inputs, tmp_path_factory.mktemp("outs") / "one")


def test_each_question_is_asked_of_each_way_to_search(outs):
    found = pl.read_parquet(outs["predictions"])
    asked = found.group_by("system").agg(pl.col("id").n_unique()).rows()
    assert dict(asked) == dict.fromkeys(SYSTEMS, 3)
    product = found.filter(pl.col("system") == "product")
    assert product.group_by("id").agg(pl.col("rank").max())["rank"].to_list() == [5, 5, 5]
    assert product.filter("right").height == 3


def test_words_find_nothing_where_none_is_the_same(outs):
    found = pl.read_parquet(outs["predictions"])
    sizes = dict(found.group_by("system").len().rows())
    assert sizes["product"] == sizes["minilm"] == 15 > sizes["bm25"]


def test_the_numbers_are_those_of_the_test_fold_with_the_other_beside_them(outs):
    numbers = json.loads(outs["metrics"].read_text())
    assert (numbers["questions"], numbers["validation_questions"], numbers["all_questions"]) == (
        1,
        2,
        3,
    )
    for prefix in ("", "validation_", "all_"):
        for measure in ("ndcg_at_10", "recall_at_5"):
            for system in ("", "_tuned", "_minilm", "_bm25", "_gain"):
                name = f"{prefix}{measure}{system}"
                assert numbers[f"{name}_low"] <= numbers[name] <= numbers[f"{name}_high"]
    mean = (2 * numbers["validation_ndcg_at_10"] + numbers["ndcg_at_10"]) / 3
    assert numbers["all_ndcg_at_10"] == pytest.approx(mean, abs=1e-5)


def test_an_encoder_that_was_not_tuned_gains_nothing_without_words(inputs, tmp_path):
    numbers = json.loads(evaluate(inputs, tmp_path / "one", weight=0)["metrics"].read_text())
    assert numbers["all_ndcg_at_10"] == numbers["all_ndcg_at_10_minilm"]
    gain = [numbers[f"all_ndcg_at_10_gain{end}"] for end in ("", "_low", "_high")]
    assert gain == [0, 0, 0]


def test_the_same_inputs_give_the_same_bytes(inputs, outs, tmp_path):
    again = evaluate(inputs, tmp_path / "again")
    for name, path in outs.items():
        assert again[name].read_bytes() == path.read_bytes()


def test_questions_whose_answers_are_not_in_the_index_are_refused(inputs, tmp_path):
    questions = pl.read_parquet(inputs["questions"] / "questions.parquet")
    lost = questions.with_columns(gold=pl.lit(["nowhere"], dtype=pl.List(pl.String)))
    (tmp_path / "questions").mkdir()
    lost.write_parquet(tmp_path / "questions/questions.parquet")
    with pytest.raises(DataError, match="holds no answer to 3 questions, such as 'How is a queue"):
        evaluate({**inputs, "questions": tmp_path / "questions"}, tmp_path / "out")


def test_the_systems_are_named_once():
    assert SYSTEMS[0] == "product" and len(set(SYSTEMS)) == 4
