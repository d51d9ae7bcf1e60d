"""How many tokens a text has for the encoder."""

import json
from pathlib import Path

from include.assistant.documents.parsing.passing import Count
from include.errors import DataError, ParamsError


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


def check_length(most: int, length: Path) -> None:
    """See that the encoder takes passages of so many tokens whole.

    Args:
        length: the file in which the encoder says how many it takes.

    Raises:
        ParamsError: it takes fewer.
        DataError: the file does not say how many.
    """
    try:
        longest = int(json.loads(length.read_text())["max_seq_length"])
    except (ValueError, KeyError, TypeError) as error:
        what = f"{length} does not say how many tokens the encoder takes: {error}."
        raise DataError(what, "remove it and run `dvc repro`.") from None
    if most > longest:
        raise ParamsError(
            f"params.yaml sets passages.max_tokens to {most}, and the encoder takes {longest} by "
            f"its {length.name}: the end of what is longer would be in no vector.",
            f"set passages.max_tokens to at most {longest} in params.yaml.",
        )
