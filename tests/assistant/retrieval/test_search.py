"""The search finds by meaning and by words, exactly, and says what each counted."""

from concurrent.futures import ThreadPoolExecutor

import assistant_encoder
import assistant_index
import numpy as np
import pytest

from include.assistant.passages import embedded
from include.assistant.retrieval.search import Scores, Search, Searcher, best
from include.errors import DataError

SEARCH = Search(bm25_weight=0.5)
COSINE = np.array([0.9, 0.5, 0.1, 0.5], np.float32)
BM25 = np.array([0.0, 2.0, 8.0, 4.0], np.float32)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return assistant_encoder.tiny_encoder(tmp_path_factory.mktemp("search") / "encoder")


@pytest.fixture(scope="module")
def index(encoder, tmp_path_factory):
    return assistant_index.indexed(tmp_path_factory.mktemp("search") / "index", encoder)


@pytest.fixture(scope="module")
def searcher(index, encoder):
    return Searcher.load(index, encoder, encoder, SEARCH)


def test_words_count_as_a_share_of_the_best():
    together = Scores(COSINE, BM25).together(0.5)
    assert together.tolist() == pytest.approx([0.9, 0.5 + 0.125, 0.1 + 0.5, 0.5 + 0.25])


def test_what_is_left_out_is_not_the_best():
    kept = np.array([True, True, False, True])
    together = Scores(COSINE, BM25).together(0.5, kept)
    assert together[kept].tolist() == pytest.approx([0.9, 0.5 + 0.25, 0.5 + 0.5])


def test_without_a_common_word_the_meaning_counts_alone():
    assert np.array_equal(Scores(COSINE, np.zeros(4, np.float32)).together(0.5), COSINE)


@pytest.mark.parametrize(
    ("limit", "rows"),
    [(0, []), (2, [0, 1]), (3, [0, 1, 3]), (9, [0, 1, 3, 2])],
    ids=["none", "a tie at the end", "both of a tie", "more than there are"],
)
def test_of_equal_scores_the_first_in_the_index_comes_first(limit, rows):
    assert best(COSINE, limit) == rows


def test_a_hit_is_a_passage_with_what_it_scored(searcher):
    hits = searcher.search("How do I restart the scheduler?", limit=3)
    first = hits[0]
    assert (first.page, first.titles) == ("scheduler.md", ("Airflow", "Restart the scheduler"))
    assert first.text == "Stop the scheduler, then start it."
    assert first.score == pytest.approx(first.cosine + 0.5, abs=1e-6)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    text = embedded(list(first.titles), first.text)
    asked = searcher.encode("How do I restart the scheduler?")
    assert first.cosine == pytest.approx(float(searcher.encode(text) @ asked), abs=1e-6)


def test_a_section_that_is_left_out_is_not_found(searcher):
    found = searcher.search("How do I restart the scheduler?")
    rest = searcher.search("How do I restart the scheduler?", without=frozenset({found[0].section}))
    assert {hit.id for hit in rest} == {hit.id for hit in found[1:]} and len(rest) == 4
    assert rest[0].score <= rest[0].cosine + 0.5


def test_the_weight_of_words_can_be_nothing(index, encoder):
    searcher = Searcher.load(index, encoder, encoder, Search(bm25_weight=0))
    assert all(hit.score == hit.cosine for hit in searcher.search("restart the scheduler"))


def test_a_question_that_is_encoded_already_is_not_encoded_again(searcher):
    vector = searcher.encode("pull the cache")
    assert searcher.search("pull the cache", vector=vector) == searcher.search("pull the cache")


@pytest.mark.parametrize(
    "question", ["", "???", "x" * 10_000, "a\x00 \ud800"], ids=["empty", "signs", "long", "no text"]
)
def test_any_text_is_a_question(searcher, question):
    assert len(searcher.search(question)) == 5


def test_threads_find_what_one_finds(searcher):
    questions = ["restart the scheduler", "pull the cache", "what is drift?"] * 5
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(searcher.search, questions)) == [*map(searcher.search, questions)]


def test_an_index_of_another_encoder_is_refused(index, encoder, tmp_path):
    other = assistant_encoder.tiny_encoder(tmp_path / "other")
    (other / "sentence_bert_config.json").write_text('{"max_seq_length": 32}')
    with pytest.raises(
        DataError, match=r"The vectors of .*index are of another encoder than .*other"
    ):
        Searcher.load(index, other, other, SEARCH)


def test_an_encoder_of_questions_of_another_index_is_refused(index, encoder, tmp_path):
    tuned = assistant_encoder.query_encoder(encoder, tmp_path / "tuned")
    assert len(Searcher.load(index, encoder, tuned, SEARCH).search("queue")) == 5
    (tuned / "about.json").write_text('{"base": "another"}')
    with pytest.raises(DataError, match=r"was tuned from another than that of the passages"):
        Searcher.load(index, encoder, tuned, SEARCH)
