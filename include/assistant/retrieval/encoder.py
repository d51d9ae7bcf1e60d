"""The encoder: a text in, a vector of unit length out, the same bytes in any order of texts.

One text at a time on one thread: in a batch, sums depend on what else is in it. Two kinds of
processor may differ in the last bits.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from include.assistant.retrieval.encoder_files import LENGTH, REMAKE, SHAPE, TOKENIZER, WEIGHTS
from include.errors import DataError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from include.assistant.retrieval.bert import Bert

Vector = NDArray[np.float32]


class Encoder:
    """What `load` gives; safe for several threads at once."""

    def __init__(self, network: "Bert", tokenizer: "Tokenizer", size: int) -> None:
        self.network, self.tokenizer, self.size = network, tokenizer, size

    @classmethod
    def load(cls, folder: Path, weights: Path | None = None) -> Self:
        """Open the encoder in a folder; torch has one thread in this process from then on.

        Args:
            folder: holds FILES, as fetch_encoder writes them.
            weights: a file to take them from instead, as tune_queries writes it.

        Raises:
            DataError: a file is not there, is damaged, or does not go with the others.
        """
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        from include.assistant.retrieval import bert

        torch.set_num_threads(1)
        file = weights or folder / WEIGHTS
        try:
            shape = bert.Shape.model_validate_json((folder / SHAPE).read_text())
            network = bert.empty(shape)
            network.load_state_dict(bert.weights_of(network, load_file(file)), assign=True)
        except (OSError, SafetensorError, ValidationError, RuntimeError) as error:
            problem = " ".join(str(error).split())[:300]
            what = f"{file} does not hold the weights that {folder / SHAPE} describes: {problem}."
            raise DataError(what, REMAKE) from error
        return cls(network.eval().requires_grad_(False), open_tokenizer(folder), shape.hidden_size)

    def tokens(self, text: str) -> list[int]:
        """The ids of its tokens, with the marks of beginning and end, cut to the most there are."""
        # Half of a surrogate pair, which JSON can hold, is no text for the tokenizer.
        return list(self.tokenizer.encode(text.encode(errors="replace").decode()).ids)

    def encode(self, text: str) -> Vector:
        """The vector of a text, of length 1."""
        import torch

        with torch.inference_mode():
            vector: Vector = self.network(torch.tensor([self.tokens(text)]))[0].numpy()
        return vector


def open_tokenizer(folder: Path) -> "Tokenizer":
    """The tokenizer of an encoder: it cuts a text as the encoder was trained to, and pads none.

    Raises:
        DataError: a file is not there, or is damaged.
    """
    from tokenizers import Tokenizer

    try:
        longest = int(json.loads((folder / LENGTH).read_text())["max_seq_length"])
        tokenizer = Tokenizer.from_str((folder / TOKENIZER).read_text())
    except Exception as error:  # Tokenizers has no errors of its own
        what = f"The tokenizer in {folder} cannot be read: {error}."
        raise DataError(what, REMAKE) from error
    tokenizer.enable_truncation(longest)
    tokenizer.no_padding()
    return tokenizer
