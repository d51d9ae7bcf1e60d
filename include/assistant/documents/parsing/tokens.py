"""How many tokens a text has for the encoder."""

from pathlib import Path

from include.assistant.documents.parsing.passing import Count
from include.errors import DataError


def counter(tokenizer: Path) -> Count:
    """Counts tokens as the encoder does, with those that it puts around each text.

    Raises:
        DataError: the file is not that of a tokenizer.
    """
    from tokenizers import Tokenizer

    try:
        held = Tokenizer.from_file(str(tokenizer))
    except Exception as error:  # the library raises nothing narrower
        what = f"{tokenizer} is not the file of a tokenizer: {error}."
        raise DataError(what, "remove it and run `dvc repro`.") from None
    held.no_truncation()
    held.no_padding()
    return lambda text: len(held.encode(text))
