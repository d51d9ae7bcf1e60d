"""The encoder gives what sentence-transformers gives, and the same bytes in any order."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import assistant_encoder
import numpy as np
import pytest
import torch

from include.assistant.retrieval import encoder_files
from include.assistant.retrieval.encoder import Encoder, open_tokenizer
from include.errors import DataError

TEXTS = ("How do I restart the scheduler?", "Café > 中文\n`airflow tasks clear` --only-failed", "")
# The first four numbers of SentenceTransformer.encode, 6.2.0, of each text.
THEIRS = (
    (-0.012321, -0.061772, -0.032899, 0.035494),
    (0.005394, -0.000254, 0.068896, 0.050286),
    (-0.118838, 0.048299, -0.002548, -0.011011),
)


@pytest.fixture(scope="module")
def real():
    return Encoder.load(assistant_encoder.real_encoder())


@pytest.fixture
def tiny(tmp_path):
    return assistant_encoder.tiny_encoder(tmp_path / "encoder")


@pytest.mark.parametrize(
    ("text", "theirs"),
    list(zip(TEXTS, THEIRS, strict=True)),
    ids=["a question", "signs", "nothing"],
)
def test_a_vector_is_that_of_sentence_transformers(real, text, theirs):
    vector = real.encode(text)
    assert vector.shape == (384,) and vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
    assert vector[:4].tolist() == pytest.approx(theirs, abs=1e-5)


def test_a_text_is_cut_where_sentence_transformers_cuts_it(real):
    assert len(real.tokens("word " * 300)) == 256
    assert np.array_equal(real.encode("word " * 300), real.encode("word " * 254))


def test_a_text_has_the_same_bytes_in_any_order_and_in_threads(tiny):
    encoder, texts = Encoder.load(tiny), [f"how do i retry task {number}?" for number in range(20)]
    alone = [encoder.encode(text).tobytes() for text in texts]
    assert [encoder.encode(text).tobytes() for text in reversed(texts)] == alone[::-1]
    with ThreadPoolExecutor(4) as pool:
        assert [one.tobytes() for one in pool.map(encoder.encode, texts)] == alone
    assert torch.get_num_threads() == 1


def test_a_padded_batch_is_the_same_but_for_the_last_bits(tiny):
    from include.assistant.retrieval.contrastive import padded

    encoder, texts = Encoder.load(tiny), ["retry", "how do i restart the scheduler of airflow?"]
    together = encoder.network(*padded([encoder.tokens(text) for text in texts])).numpy()
    assert together == pytest.approx(np.stack([encoder.encode(text) for text in texts]), abs=1e-5)


def test_no_weights_are_drawn_for_an_encoder_that_has_its_own(tiny, monkeypatch):
    """Torch draws them without a device by its compiler, whose import takes a second."""
    monkeypatch.delattr("torch.nn.init.normal_")
    assert np.linalg.norm(Encoder.load(tiny).encode("a task")) == pytest.approx(1, abs=1e-6)


def test_damaged_weights_are_named(tiny):
    (tiny / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(
        DataError, match=r"model.safetensors does not hold the weights that .*config"
    ):
        Encoder.load(tiny)


def test_weights_of_another_shape_are_named(tiny):
    shape = json.loads((tiny / "config.json").read_text()) | {"hidden_size": 64}
    (tiny / "config.json").write_text(json.dumps(shape))
    with pytest.raises(DataError, match=r"does not hold the weights .*\n  Next: run `dvc repro`"):
        Encoder.load(tiny)


def test_a_damaged_tokenizer_is_named(tiny):
    (tiny / "tokenizer.json").write_text("{}")
    with pytest.raises(DataError, match=r"The tokenizer in .*encoder cannot be read"):
        open_tokenizer(tiny)


def test_the_identity_is_of_all_files_that_a_vector_depends_on(tiny, tmp_path):
    before = encoder_files.identity(tiny)
    (tiny / "about.json").write_text("{}")
    assert encoder_files.identity(tiny) == before
    (tiny / "sentence_bert_config.json").write_text('{"max_seq_length": 32}')
    assert encoder_files.identity(tiny) != before
    (tiny / "tokenizer.json").unlink()
    with pytest.raises(DataError, match=r"The encoder has no file .*tokenizer.json"):
        encoder_files.identity(tiny)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("bert.py", "mean = hidden.mean(dim=1)", "mean = hidden[:, 0]"),
        ("encoder.py", 'errors="replace"', 'errors="ignore"'),
    ],
    ids=["the network", "how a text is read"],
)
def test_the_identity_is_of_the_code_that_makes_a_vector(
    tiny, tmp_path, monkeypatch, name, before, after
):
    held = encoder_files.identity(tiny)
    room = shutil.copytree(encoder_files.ROOM, tmp_path / "retrieval")
    monkeypatch.setattr(encoder_files, "ROOM", room)
    assert encoder_files.identity(tiny) == held
    source = (room / name).read_text()
    assert before in source
    (room / name).write_text(source.replace(before, after))
    assert encoder_files.identity(tiny) != held


def test_the_identity_is_of_the_libraries_whatever_device_they_are_built_for(tiny, monkeypatch):
    versions = {"tokenizers": "0.1", "torch": "2.13.0+local"}
    monkeypatch.setattr(encoder_files, "version", versions.__getitem__)
    before = encoder_files.identity(tiny)
    versions["torch"] = "2.13.0"
    assert encoder_files.identity(tiny) == before
    versions["torch"] = "2.14.0"
    assert encoder_files.identity(tiny) != before


def test_an_encoder_of_questions_says_what_it_was_tuned_from(tiny, tmp_path):
    base = encoder_files.identity(tiny)
    tuned = assistant_encoder.query_encoder(tiny, tmp_path / "tuned")
    encoder_files.check_base(tuned, base)
    with pytest.raises(DataError, match=r"was tuned from another than that of the passages"):
        encoder_files.check_base(tuned, "0" * 64)
    shutil.rmtree(tuned)
    with pytest.raises(DataError, match=r"about.json does not say which encoder it was tuned from"):
        encoder_files.check_base(tuned, base)
