"""A store holds what the index holds, and only what changed is written into it."""

import json
import os

import assistant_encoder
import assistant_index
import assistant_postgres
import numpy as np
import polars as pl
import pytest

from include.assistant import materialize_index as stage
from include.assistant.evaluation.asked import QUESTIONS
from include.assistant.materialize_index import Params, check, materialize_index
from include.assistant.retrieval import copying
from include.assistant.retrieval.copying import COLUMNS, bring_up, recall
from include.assistant.retrieval.index import Index, write_index
from include.assistant.retrieval.stores import open_store
from include.errors import DataError, ParamsError, PipelineError

ROWS = [
    *assistant_index.ROWS,
    ("odd.md", ("It's", 'a "title", with\\{}'), "Text\twith\nsigns ✓ 'x'"),
]
PARAMS = {"approximate_from": 1000, "recall_min": 0.99, "nearest": 3, "questions": 2}


@pytest.fixture(scope="module")
def postgres():
    """A PostgreSQL with pgvector; gives its URL."""
    with assistant_postgres.postgres() as url:
        yield url


@pytest.fixture(params=["lancedb", "pgvector"])
def kind(request, monkeypatch):
    if request.param == "pgvector":
        monkeypatch.setenv("LEEWAY_VECTOR_URL", request.getfixturevalue("postgres"))
        import psycopg

        with psycopg.connect(os.environ["LEEWAY_VECTOR_URL"]) as connection:
            connection.execute("DROP TABLE IF EXISTS leeway_passages")
    return request.param


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return assistant_encoder.tiny_encoder(tmp_path_factory.mktemp("store") / "encoder")


@pytest.fixture
def run(tmp_path, encoder, kind, capsys):
    """Run the stage for rows; gives what was printed."""
    tuned = assistant_encoder.query_encoder(encoder, tmp_path / "tuned")
    held = [
        (str(n), text, "answerable", [], "docs", "faq.md", "test")
        for n, text in enumerate(("restart?", "the cache?", "a queue?"))
    ]
    (tmp_path / "questions").mkdir()
    pl.DataFrame(held, schema=QUESTIONS, orient="row").write_parquet(
        tmp_path / "questions/questions.parquet"
    )

    def materialize(rows, name):
        index = assistant_index.indexed(tmp_path / name, encoder, rows)
        materialize_index(
            index, tmp_path / "questions", encoder, tuned, tmp_path / "lancedb",
            tmp_path / "receipt", Params(store=kind, **PARAMS),
        )  # fmt: skip
        return capsys.readouterr().out

    return materialize


def test_only_what_changed_is_written(run, kind, tmp_path):
    assert run(ROWS, "first").startswith(f"{kind}: 6 passages written, 0 removed, 0 kept;")
    assert ": 0 passages written, 0 removed, 6 kept;" in run(ROWS, "again")
    changed = [*ROWS[:2], ("cache.md", ("DVC", "Pull the cache"), "Other words."), *ROWS[3:5]]
    assert ": 1 passages written, 2 removed, 4 kept;" in run(changed, "changed")
    receipt = json.loads((tmp_path / "receipt").read_text())
    assert (receipt["store"], receipt["passages"], receipt["recall"]) == (kind, 5, 1.0)


def test_a_store_finds_what_the_index_finds(tmp_path, kind, monkeypatch):
    random = np.random.default_rng(0)
    monkeypatch.setattr(copying, "AT_ONCE", 15)
    vectors = random.normal(size=(40, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = [(f"{n}.md", ("Page",), f"text {n}") for n in range(40)]
    write_index(tmp_path / "index", assistant_index.passages(rows), vectors, "reader")
    index = Index.load(tmp_path / "index")
    with open_store(kind, tmp_path / "lancedb", 8) as store:
        assert store.search(vectors[0], 2) == [] and store.keys() == {} and store.count() == 0
        bring_up(store, index, approximate_from=1000)
        assert recall(store, index, list(vectors), 10) == 1
        name, cosine = store.search(vectors[7], 2)[0]
        assert name == index.table["id"][7] and cosine == pytest.approx(1, abs=1e-6)
        bring_up(store, index, approximate_from=1)
        assert recall(store, index, list(vectors), 10) > 0.9
        bring_up(store, index, approximate_from=1000)
        assert recall(store, index, list(vectors), 10) == 1


def test_vectors_of_another_width_are_written_anew(tmp_path, kind):
    for width in (8, 16):
        vectors = np.eye(5, width, dtype=np.float32)
        write_index(tmp_path / str(width), assistant_index.passages(), vectors, "reader")
        with open_store(kind, tmp_path / "lancedb", width) as store:
            changes = bring_up(store, Index.load(tmp_path / str(width)), 1000)
            assert changes == (5, 0, 0) and store.count() == 5


def test_texts_come_back_as_they_are(run, kind, tmp_path):
    run(ROWS, "index")
    if kind == "lancedb":
        import lancedb

        table = lancedb.connect(tmp_path / "lancedb").open_table("passages").to_arrow()
        held = pl.DataFrame(pl.from_arrow(table))
    else:
        import psycopg

        with psycopg.connect(os.environ["LEEWAY_VECTOR_URL"]) as connection:
            rows = connection.execute(
                f"SELECT {', '.join(COLUMNS)} FROM leeway_passages"
            ).fetchall()
        held = pl.DataFrame(rows, schema=list(COLUMNS), orient="row")
    wanted = Index.load(tmp_path / "index").table.select(COLUMNS[:-1]).sort("id")
    assert held.select(COLUMNS[:-1]).sort("id").equals(wanted)


def test_a_pgvector_that_finds_too_little_keeps_what_it_had(run, kind, tmp_path, monkeypatch):
    run(ROWS, "first")
    monkeypatch.setattr(stage, "recall", lambda *_: 0.5)
    with pytest.raises(DataError, match=r"finds 50.0% of the 3 nearest .*recall_min is 99.0%"):
        run(ROWS[:3], "second")
    if kind == "pgvector":
        with open_store(kind, tmp_path / "none", 32) as store:
            assert store.count() == 6


def test_a_store_that_holds_less_is_named():
    with pytest.raises(DataError, match=r"lancedb holds 5 passages; the index has 6"):
        check(5, 1.0, 6, Params(store="lancedb", **PARAMS))


def test_a_damaged_lancedb_says_what_to_remove(tmp_path):
    write_index(tmp_path / "i", assistant_index.passages(), np.eye(5, 8, dtype=np.float32), "r")
    with open_store("lancedb", tmp_path / "lancedb", 8) as store:
        bring_up(store, Index.load(tmp_path / "i"), 1000)
    for path in (tmp_path / "lancedb/passages.lance/_versions").iterdir():
        path.write_bytes(b"none")
    with (
        pytest.raises(DataError, match=r"cannot be read.*\n  Next: remove .*lancedb"),
        open_store("lancedb", tmp_path / "lancedb", 8),
    ):
        pass


def test_pgvector_without_a_url_says_how_to_set_it(monkeypatch, tmp_path):
    monkeypatch.delenv("LEEWAY_VECTOR_URL", raising=False)
    with (
        pytest.raises(ParamsError, match=r"LEEWAY_VECTOR_URL is not set\.\n  Next: set LEEWAY"),
        open_store("pgvector", tmp_path, 8),
    ):
        pass


def test_a_server_that_does_not_answer_is_named_without_its_password(monkeypatch, tmp_path):
    monkeypatch.setenv("LEEWAY_VECTOR_URL", "postgresql://me:hush@127.0.0.1:1/db")
    with (
        pytest.raises(
            PipelineError, match=r"pgvector at LEEWAY_VECTOR_URL cannot be used"
        ) as raised,
        open_store("pgvector", tmp_path, 8),
    ):
        pass
    assert "hush" not in str(raised.value)


def test_a_table_of_somebody_else_is_left_alone(postgres, monkeypatch, tmp_path):
    import psycopg

    monkeypatch.setenv("LEEWAY_VECTOR_URL", postgres)
    with psycopg.connect(postgres) as connection:
        connection.execute("DROP TABLE IF EXISTS leeway_passages")
        connection.execute("CREATE TABLE leeway_passages (id text, other text)")
    with (
        pytest.raises(DataError, match=r"table leeway_passages at .* has other columns than id"),
        open_store("pgvector", tmp_path, 8),
    ):
        pass
