"""The stage hold_out_headings: an index that is data/index, but for what asks the questions."""

import numpy as np
import polars as pl
import pytest
from assistant_evaluated import make
from assistant_faq import corpus

from include.assistant.hold_out_headings import hold_out_headings
from include.assistant.passages import embedded
from include.assistant.retrieval import encoder_files
from include.assistant.retrieval.encoder import Encoder
from include.assistant.retrieval.index import Index
from include.errors import DataError


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("held")
    return {**make(folder), "index": folder / "index"}


def test_each_row_is_that_of_the_index_or_what_stands_for_it_in_words_and_vector(made):
    before, after = Index.load(made["index"]), Index.load(made["held_out"])
    held_out = pl.read_parquet(made["questions"] / "held_out.parquet")
    same = ~before.table["id"].is_in(held_out["replaces"].to_list()).to_numpy()
    assert same.tolist() == [False, False, True, False, True]
    assert np.array_equal(before.vectors[same], after.vectors[same])
    assert before.table["section"].to_list() == after.table["section"].to_list()
    encoder = Encoder.load(made["encoder"])
    for row in np.flatnonzero(~same):
        titles, text = after.table.select("titles", "text").row(int(row))
        assert np.array_equal(after.vectors[row], encoder.encode(embedded(titles, text)))
        assert not np.array_equal(after.vectors[row], before.vectors[row])


def test_a_word_that_only_the_heading_had_finds_nothing_any_more(made):
    before, after = Index.load(made["index"]), Index.load(made["held_out"])
    assert before.words.scores("skipped").max() > 0
    assert after.words.scores("skipped").max() == 0
    assert np.argmax(after.words.scores("setting of a stage")) == 1


def test_the_same_index_gives_the_same_bytes(made, tmp_path):
    hold_out_headings(made["index"], made["questions"], made["encoder"], tmp_path / "again")
    for path in sorted(made["held_out"].rglob("*")):
        if path.is_file():
            again = tmp_path / "again" / path.relative_to(made["held_out"])
            assert again.read_bytes() == path.read_bytes(), path.name


def test_vectors_of_other_code_are_not_mixed_with_new_ones(made, tmp_path, monkeypatch):
    monkeypatch.setattr(encoder_files, "CODE", ("bert.py",))
    with pytest.raises(DataError, match=r"are of another encoder than .*, or of other code\.\n"):
        hold_out_headings(made["index"], made["questions"], made["encoder"], tmp_path / "out")


def test_questions_about_other_passages_than_the_index_has_are_refused(made, tmp_path):
    other = corpus().with_columns(
        source=pl.lit("x"), id=pl.lit("0" * 12) + pl.col("id").str.head(4)
    )
    theirs = make(tmp_path, other)
    with pytest.raises(DataError) as error:
        hold_out_headings(made["index"], theirs["questions"], made["encoder"], tmp_path / "out")
    assert str(error.value) == (
        "3 of 3 passages of the questions are not in the index.\n"
        "  Next: run `dvc repro hold_out_headings`, which makes both anew."
    )
