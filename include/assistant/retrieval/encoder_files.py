"""The files of an encoder, and how it is known that two things are of one and the same."""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path

from include.errors import DataError

WEIGHTS, TOKENIZER = "model.safetensors", "tokenizer.json"
SHAPE, LENGTH = "config.json", "sentence_bert_config.json"
FILES = (WEIGHTS, TOKENIZER, SHAPE, LENGTH)
ABOUT = "about.json"  # where they are from; no vector depends on it
ROOM = Path(__file__).parent
CODE = ("bert.py", "encoder.py")  # what reads a text by these files
LIBRARIES = ("tokenizers", "torch")  # and with these
REMAKE = "run `dvc repro`, which makes it again."


def identity(folder: Path) -> str:
    """The SHA-256 of what a vector depends on beside the text: files, code and libraries.

    A word in a comment is other code: minutes of embedding cost less than vectors of two readers.

    Raises:
        DataError: the encoder lacks a file.
    """
    digest = hashlib.sha256(files_sha256(folder).encode())
    for name in CODE:
        digest.update(hashlib.sha256((ROOM / name).read_bytes()).digest())
    for name in LIBRARIES:
        # What follows a plus says for which device it was built; here all compute on processors.
        digest.update(f"{name} {version(name).partition('+')[0]}\n".encode())
    return digest.hexdigest()


def files_sha256(folder: Path) -> str:
    """The SHA-256 of all files of an encoder.

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


def check_reader(index: Path, reader: str, encoder: Path) -> str:
    """See that an encoder, as it reads now, made the vectors of an index; return its identity.

    Args:
        reader: the identity that the index names.

    Raises:
        DataError: another one did, or this one under other code or libraries.
    """
    known = identity(encoder)
    if reader != known:
        what = f"The vectors of {index} are of another encoder than {encoder}, or of other code."
        raise DataError(what, "run `dvc repro`, which embeds the passages anew.")
    return known


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
