"""Questions are learned from headings, and from no page that is asked about."""

import json
from itertools import chain

import assistant_encoder
import assistant_index
import numpy as np
import polars as pl
import pytest

from include.assistant.evaluation.asked import QUESTIONS, pages_of
from include.assistant.passages import embedded
from include.assistant.retrieval.contrastive import drawn, share
from include.assistant.retrieval.encoder import Encoder
from include.assistant.retrieval.encoder_files import WEIGHTS, check_base, identity
from include.assistant.retrieval.index import Index
from include.assistant.retrieval.pairs import Pair, headings
from include.assistant.tune_queries import Params, asked, tune_queries
from include.errors import DataError

PARAMS = Params(
    heading_words_min=2,
    passage_tokens_min=0,
    named_share=0.0,
    pairs_min=8,
    epochs=10,
    batch=4,
    siblings=2,
    learning_rate=0.01,
    warmup_share=0.1,
    weight_decay=0.01,
    scale=20,
    gradient_max=1,
    seed=7,
)
# What is said below a heading shares no word with it.
SAID = {
    "restart the scheduler": "stop it, then start it",
    "pull the cache": "data is taken from a remote",
    "train a model": "rows are fitted by trees",
    "report of drift": "two months are compared",
    "queue of tasks": "workers listen to names",
    "retry a run": "clear what was red",
    "search of passages": "vectors are multiplied",
    "push the params": "numbers are kept by hand",
}
ROWS = [
    (f"{place}.md", ("Airflow", heading), text)
    for place, (heading, text) in enumerate(SAID.items())
]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return assistant_encoder.tiny_encoder(tmp_path_factory.mktemp("tune") / "encoder")


@pytest.fixture(scope="module")
def index(encoder, tmp_path_factory):
    return assistant_index.indexed(tmp_path_factory.mktemp("tune") / "index", encoder, ROWS)


def questions(folder, *rows):
    """The folder data/questions; rows are page and gold sections."""
    folder.mkdir()
    held = [
        (f"{n}", "How?", "answerable", [*gold], "docs", page, "test")
        for n, (page, gold) in enumerate(rows)
    ]
    pl.DataFrame(held, schema=QUESTIONS, orient="row").write_parquet(folder / "questions.parquet")
    return folder


@pytest.fixture(scope="module")
def tuned(index, encoder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned")
    held = questions(folder / "questions", ("faq.md", []))
    tune_queries(index, held, encoder, folder / "query_encoder", folder / "metrics.json", PARAMS)
    return folder


def nearest(reader, encoder):
    """The share of headings whose own passage is the nearest one."""
    heads = np.stack([reader.encode(heading) for heading in SAID])
    read = Encoder.load(encoder)
    said = np.stack([read.encode(embedded(["Airflow"], text)) for text in SAID.values()])
    return float(((heads @ said.T).argmax(axis=1) == np.arange(len(SAID))).mean())


def test_a_heading_is_nearer_to_what_it_stands_above(tuned, encoder):
    reader = Encoder.load(encoder, tuned / "query_encoder" / WEIGHTS)
    assert nearest(Encoder.load(encoder), encoder) < 0.5
    assert nearest(reader, encoder) == 1
    metrics = json.loads((tuned / "metrics.json").read_text())
    assert metrics["pairs"] == 8 and metrics["pages_left_out"] == 1
    assert metrics["loss_last"] < metrics["loss_first"]


def test_it_says_which_encoder_it_was_tuned_from(tuned, encoder):
    check_base(tuned / "query_encoder", identity(encoder))


def test_the_weights_are_the_same_bytes_again(tuned, index, encoder, tmp_path):
    tune_queries(index, tuned / "questions", encoder, tmp_path / "again", tmp_path / "m", PARAMS)
    first, again = (folder / WEIGHTS for folder in (tuned / "query_encoder", tmp_path / "again"))
    assert first.read_bytes() == again.read_bytes()
    assert (tuned / "metrics.json").read_bytes() == (tmp_path / "m").read_bytes()


def test_pages_that_ask_or_answer_are_left_out(index, tmp_path):
    table = Index.load(index).table
    section = table.filter(page="3.md")["section"][0]
    held = pl.read_parquet(questions(tmp_path / "q", ("1.md", [section])) / "questions.parquet")
    assert pages_of(held, table) == {"docs/1.md", "docs/3.md"}
    kept = {pair.heading for pair in headings(table, {"docs/1.md", "docs/3.md"}, 1, 0)}
    assert kept == {*SAID} - {"pull the cache", "report of drift"}


def test_the_heading_is_held_out_of_titles_and_text():
    rows = [
        ("a.md", ("DVC", "Pull the cache"), "To PULL the cache, run pull. The cache is a folder.")
    ]
    assert headings(assistant_index.passages(rows), (), 2, 0) == [
        Pair("docs/a.md", "DVC", "Pull the cache", "DVC\nTo  , run pull. The cache is a folder.")
    ]


def test_a_heading_that_asks_for_nothing_is_not_learned_from():
    rows = [
        ("a.md", ("A", "Example"), "One word."),
        ("a.md", ("A", "How to run"), "Twice."),
        ("b.md", ("B", "how to RUN"), "Twice."),
        ("b.md", ("B", "task_id & more"), "Three."),
    ]
    assert [one.heading for one in headings(assistant_index.passages(rows), (), 2, 0)] == [
        "task_id & more"
    ]


def test_a_share_of_the_headings_is_asked_with_the_name_of_its_source():
    pairs = [Pair("page", "Celery", f"heading {number}", "text") for number in range(400)]
    texts = asked(pairs, PARAMS.model_copy(update={"named_share": 0.5}))
    assert all(
        text.removeprefix("Celery ") == pair.heading
        for text, pair in zip(texts, pairs, strict=True)
    )
    assert 160 < sum(text.startswith("Celery ") for text in texts) < 240


def test_too_few_headings_are_counted(index, encoder, tmp_path):
    held = questions(tmp_path / "questions", ("1.md", []))
    with pytest.raises(DataError, match=r"Only 7 headings can be learned from, outside 1 pages"):
        tune_queries(index, held, encoder, tmp_path / "out", tmp_path / "metrics", PARAMS)
    assert not (tmp_path / "out").exists()


def test_each_pair_is_seen_once_an_epoch_beside_one_of_its_page():
    steps = drawn(list("aabbbbccaa"), PARAMS.model_copy(update={"epochs": 2}))
    assert [len(step) for step in steps] == [4, 4, 2, 4, 4, 2]
    first, second = (sorted(chain(*steps[at : at + 3])) for at in (0, 3))
    assert first == second == [*range(10)]
    assert steps[:3] != steps[3:]
    # Pages of two, or four: each pair stands beside one of its page.
    assert all(
        "aabbbbccaa"[one] == "aabbbbccaa"[two]
        for one, two in zip(steps[0][::2], steps[0][1::2], strict=True)
    )


def test_the_learning_rate_rises_then_falls():
    assert [share(step, 5, 0.4) for step in range(5)] == [
        0.5,
        1,
        1,
        pytest.approx(2 / 3),
        pytest.approx(1 / 3),
    ]
