"""What validation would choose is said, and what it costs to hold another weight."""

import json

import assistant_encoder
import assistant_index
import polars as pl
import pytest

from include.assistant.evaluation.asked import QUESTIONS
from include.assistant.retrieval.search import Search
from include.assistant.tune_search import Params, compare, tune_search
from include.errors import DataError

PARAMS = Params(weights=(0.0, 1.0))


@pytest.fixture
def asked(tmp_path):
    """An index, and questions of which the words find all and the meaning finds none."""
    encoder = assistant_encoder.tiny_encoder(tmp_path / "encoder")
    rows = [(f"{n}.md", ("Page",), f"zeta{n} omega") for n in range(12)]
    index = assistant_index.indexed(tmp_path / "index", encoder, rows)
    sections = assistant_index.passages(rows)["section"].to_list()
    held = [
        (f"{n}", f"zeta{n}?", "answerable", [sections[n]], "docs", f"{n}.md", fold)
        for n, fold in ((3, "validation"), (7, "validation"), (5, "test"))
    ]
    (tmp_path / "questions").mkdir()
    table = pl.DataFrame(held, schema=QUESTIONS, orient="row")
    table.write_parquet(tmp_path / "questions/questions.parquet")
    return index, tmp_path / "questions", encoder


def test_the_weight_that_validation_chooses_is_said(asked, tmp_path, capsys):
    index, questions, encoder = asked
    held = Search(bm25_weight=0.5)
    tune_search(index, questions, encoder, encoder, tmp_path / "metrics", held, PARAMS)
    found = json.loads((tmp_path / "metrics").read_text())
    assert (found["questions"], found["held_weight"]) == (2, 0.5)
    assert found["chosen_ndcg_at_10"] == found["chosen_recall_at_5"] == 1
    assert found["lost"] == found["chosen_ndcg_at_10"] - found["held_ndcg_at_10"]
    assert f"with {found['chosen_weight']:g}" in capsys.readouterr().out


def test_of_weights_that_are_worth_the_same_the_lowest_is_chosen():
    worth = {
        weight: {"ndcg_at_10": value, "recall_at_5": 0.5}
        for weight, value in ((0.0, 0.6), (0.1, 0.8), (0.2, 0.8), (0.3, 0.7))
    }
    assert compare(worth, 0.3) == {
        "held_weight": 0.3,
        "chosen_weight": 0.1,
        "held_ndcg_at_10": 0.7,
        "held_recall_at_5": 0.5,
        "chosen_ndcg_at_10": 0.8,
        "chosen_recall_at_5": 0.5,
        "lost": pytest.approx(0.1),
    }


def test_the_test_questions_choose_nothing(asked, tmp_path):
    index, questions, encoder = asked
    path = questions / "questions.parquet"
    pl.read_parquet(path).filter(fold="test").write_parquet(path)
    with pytest.raises(DataError, match=r"has no answerable questions in the fold validation"):
        tune_search(
            index, questions, encoder, encoder, tmp_path / "m", Search(bm25_weight=0), PARAMS
        )
