"""An index is the same bytes for the same passages, and refuses what a search would err with."""

import json

import assistant_index
import numpy as np
import polars as pl
import pytest

from include.assistant.retrieval.index import Index, read_about, write_index
from include.errors import DataError

TABLE = assistant_index.passages()
VECTORS = np.eye(5, 8, dtype=np.float32)


@pytest.fixture
def index(tmp_path):
    write_index(tmp_path / "index", TABLE, VECTORS, "reader")
    return tmp_path / "index"


def test_an_index_has_the_passages_their_vectors_and_their_words(index):
    held = Index.load(index)
    assert held.about.model_dump() == {
        "passages": 5,
        "sections": 5,
        "pages": 3,
        "width": 8,
        "encoder": "reader",
    }
    assert held.table.equals(TABLE) and np.array_equal(held.vectors, VECTORS)
    assert np.flatnonzero(held.words.scores("scheduler")).tolist() == [0]
    assert isinstance(held.vectors, np.memmap)


def test_an_index_is_the_same_bytes_again(index, tmp_path):
    write_index(tmp_path / "again", TABLE, VECTORS, "reader")
    files = sorted(path.relative_to(index) for path in index.rglob("*") if path.is_file())
    assert len(files) == 8
    for name in files:
        assert (index / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_no_passages_are_no_index(tmp_path):
    with pytest.raises(DataError, match=r"no passages to index\.\n  Next: add documents"):
        write_index(tmp_path / "index", TABLE.clear(), VECTORS[:0], "reader")


def test_two_passages_of_one_id_are_named(tmp_path):
    twice = pl.concat([TABLE, TABLE[:1]])
    with pytest.raises(DataError, match=rf"1 ids stand for several passages, {TABLE['id'][0]}"):
        write_index(tmp_path / "index", twice, np.eye(6, 8, dtype=np.float32), "reader")


def test_a_vector_that_is_missing_is_counted(tmp_path):
    with pytest.raises(DataError, match=r"There are 5 passages, and 4 vectors\."):
        write_index(tmp_path / "index", TABLE, VECTORS[:4], "reader")


@pytest.mark.parametrize("wrong", [0.5, float("nan")], ids=["short", "no number"])
def test_a_vector_that_is_not_of_length_1_is_named(tmp_path, wrong):
    vectors = VECTORS.copy()
    vectors[3] *= wrong
    with pytest.raises(DataError, match=rf"vector of passage {TABLE['id'][3]} has length"):
        write_index(tmp_path / "index", TABLE, vectors, "reader")


def test_files_that_do_not_go_with_each_other_are_named(index):
    np.save(index / "vectors.npy", VECTORS[:3])
    with pytest.raises(
        DataError, match=r"says 5 passages of 8 .* 5 passages, the words of 5, and vectors \(3, 8\)"
    ):
        Index.load(index)


def test_words_of_other_passages_are_named(index, tmp_path):
    write_index(tmp_path / "other", TABLE[:3], VECTORS[:3], "reader")
    (index / "bm25").rename(tmp_path / "old")
    (tmp_path / "other/bm25").rename(index / "bm25")
    with pytest.raises(DataError, match=r"there are 5 passages, the words of 3"):
        Index.load(index)


HARM = {
    "empty": lambda held: b"",
    "cut off": lambda held: held[: len(held) // 2],
    "cut off at its head": lambda held: held[:20],
    "text": lambda held: b"none",
    "null": lambda held: b"null",
    "an archive": lambda held: b"PK\x03\x04" + held,
    "bytes of no letter": lambda held: b"\x80\xff" + held,
    "a head without end": lambda held: held.replace(b"}", b" "),
}


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM)
def test_whatever_is_wrong_with_a_file_it_is_an_index_that_cannot_be_read(index, harm):
    files = [path for path in index.rglob("*") if path.is_file()]
    for path in files:
        held = path.read_bytes()
        path.write_bytes(harm(held))
        with pytest.raises(DataError, match=r"cannot be read|is no index|says 5 passages"):
            Index.load(index)
        path.write_bytes(held)
    assert len(files) == 8 and Index.load(index).about.passages == 5


def test_a_folder_that_is_no_index_is_named(tmp_path):
    with pytest.raises(DataError, match=r"is no index: .*No such file"):
        read_about(tmp_path)
    (tmp_path / "index.json").write_text(json.dumps({"passages": 0}))
    with pytest.raises(DataError, match=r"is no index: .*passages"):
        read_about(tmp_path)
