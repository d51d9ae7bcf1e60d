"""The files of an encoder, and how it is known that two things are of one and the same."""

import hashlib
import json
from pathlib import Path

from include.errors import DataError

WEIGHTS, TOKENIZER = "model.safetensors", "tokenizer.json"
SHAPE, LENGTH = "config.json", "sentence_bert_config.json"
FILES = (WEIGHTS, TOKENIZER, SHAPE, LENGTH)
ABOUT = "about.json"  # where they are from; no vector depends on it
REMAKE = "run `dvc repro`, which makes it again."


def identity(folder: Path) -> str:
    """The SHA-256 of what a vector depends on beside the text: all files of the encoder.

    Raises:
        DataError: one of them is not there.
    """
    digest = hashlib.sha256()
    for name in FILES:
        path = folder / name
        if not path.exists():
            raise DataError(f"The encoder has no file {path}.", REMAKE)
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def check_base(query_encoder: Path, base: str) -> None:
    """See that an encoder of questions was tuned from the encoder of the passages.

    Raises:
        DataError: it was not, or does not say so.
    """
    try:
        tuned = json.loads((query_encoder / ABOUT).read_text())["base"]
    except (OSError, ValueError, KeyError, TypeError):
        what = f"{query_encoder / ABOUT} does not say which encoder it was tuned from."
        raise DataError(what, REMAKE) from None
    if tuned != base:
        what = f"The encoder of questions, {query_encoder}, was tuned from another than that of the"
        raise DataError(f"{what} passages.", REMAKE)
