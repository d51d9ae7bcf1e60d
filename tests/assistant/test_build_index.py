"""Rows of the index are those of the passages, whatever file a vector is in."""

import assistant_encoder
import assistant_index
import numpy as np
import polars as pl
import pytest

from include.assistant.build_index import build_index
from include.assistant.embed_passages import embed_passages
from include.assistant.passages import embedded
from include.assistant.retrieval.encoder import Encoder
from include.assistant.retrieval.encoder_files import identity
from include.assistant.retrieval.index import Index
from include.errors import DataError


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return assistant_encoder.tiny_encoder(tmp_path_factory.mktemp("build") / "encoder")


@pytest.fixture
def made(tmp_path, encoder):
    """Passages whose pages do not stand together, and their vectors."""
    rows = [*assistant_index.ROWS[::2], *assistant_index.ROWS[1::2]]
    passages = assistant_index.write_passages(tmp_path / "passages", rows)
    embed_passages(passages, encoder, tmp_path / "vectors")
    return passages, tmp_path / "vectors"


def test_each_row_has_the_vector_of_its_passage(made, encoder, tmp_path, capsys):
    build_index(*made, tmp_path / "index")
    held, reader = Index.load(tmp_path / "index"), Encoder.load(encoder)
    for row, (titles, text) in enumerate(held.table.select("titles", "text").iter_rows()):
        assert np.array_equal(held.vectors[row], reader.encode(embedded(titles, text)))
    assert held.table.equals(pl.read_parquet(made[0] / "passages.parquet"))
    assert held.about.encoder == identity(encoder)
    assert "5 passages of 5 sections on 3 pages" in capsys.readouterr().out


def test_a_page_without_vectors_is_named(made, tmp_path):
    passages = assistant_index.write_passages(tmp_path / "other", [("new.md", ("New",), "Text.")])
    with pytest.raises(DataError, match=r"vectors has no vectors of docs/new.md as they were made"):
        build_index(passages, made[1], tmp_path / "index")


def test_vectors_of_nobody_are_refused(made, tmp_path):
    (made[1] / "held.json").unlink()
    with pytest.raises(DataError, match=r"held.json does not say which encoder made the vectors"):
        build_index(*made, tmp_path / "index")


def test_a_file_that_was_changed_is_refused_for_its_page(made, tmp_path):
    for path in made[1].glob("*.npy"):
        np.save(path, -np.load(path))
    with pytest.raises(DataError, match=r"no vectors of docs/scheduler.md as they were made, in "):
        build_index(*made, tmp_path / "index")
