"""Encoders for tests: a tiny one for what code does, and the real one for what it finds."""

import fcntl
import json
import os
import re
from pathlib import Path

import yaml

from include.assistant import fetch_encoder
from include.assistant.retrieval.encoder_files import (
    ABOUT,
    LENGTH,
    SHAPE,
    TOKENIZER,
    WEIGHTS,
    identity,
)

PARAMS = Path(__file__).parents[2] / "include/assistant/params.yaml"
# Pieces of their own; every other word is spelt.
WORDS = re.findall(
    r"\w+",
    """a an the and or of to in on for with is are was be it that this how what why do does can i you
airflow dag task run fails restart scheduler worker queue retry log dvc cache pull push stage params
metrics model train data drift report passage index search question answer page section""",
)
TINY = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
}
SEED = 7


def tiny_encoder(folder: Path) -> Path:
    """An encoder of two narrow layers that never learned: texts are near that share words."""
    import torch
    from safetensors.torch import save_file

    from include.assistant.retrieval import bert

    folder.mkdir(parents=True)
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    letters = [chr(number) for number in range(33, 127)]
    pieces += sorted({*letters, *(f"##{letter}" for letter in letters), *WORDS})
    write_tokenizer(pieces, folder)
    shape = {"vocab_size": len(pieces), **TINY}
    (folder / SHAPE).write_text(json.dumps(shape))
    (folder / LENGTH).write_text(json.dumps({"max_seq_length": TINY["max_position_embeddings"]}))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = bert.Bert(bert.Shape.model_validate(shape))
        for name, weights in network.named_parameters():
            if "word_embeddings" not in name and "LayerNorm" not in name:
                weights.data *= 0.1
        save_file(network.state_dict(), folder / WEIGHTS)
    (folder / ABOUT).write_text(json.dumps({"package": "tiny", "version": "0", "licence": "none"}))
    return folder


def write_tokenizer(pieces: list[str], folder: Path) -> None:
    """A tokenizer as BERT's, of these pieces."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    numbers = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(piece, numbers[piece]) for piece in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
    )
    tokenizer.save(str(folder / TOKENIZER))


def query_encoder(encoder: Path, folder: Path) -> Path:
    """An encoder of questions as tune_queries writes it, with the weights as they were."""
    folder.mkdir(parents=True)
    (folder / WEIGHTS).hardlink_to(encoder / WEIGHTS)
    (folder / ABOUT).write_text(json.dumps({"base": identity(encoder)}))
    return folder


def real_encoder() -> Path:
    """The real weights, fetched once a machine; several processes may ask at once."""
    sections = yaml.safe_load(PARAMS.read_text())
    params = fetch_encoder.Params.model_validate(sections["fetch_encoder"])
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "leeway-tests" / f"encoder-{params.sha256[:16]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with fetch_encoder.step.aside({"encoder": folder}) as outs:
                fetch_encoder.fetch_encoder(outs["encoder"], params)
    return folder
