"""The network: many small members that share their weights, over numbers cut into pieces.

The design is TabM (Gorishniy, Kotelnikov, Babenko, "TabM: Advancing Tabular Deep Learning with
Parameter-Efficient Ensembling", ICLR 2025, arXiv:2410.24210) on piecewise linear embeddings of
numbers (Gorishniy, Rubachev, Babenko, "On Embeddings for Numerical Features in Tabular Deep
Learning", NeurIPS 2022, arXiv:2203.05556). One change for speed: the members part after the first
layer, not before it, so that the widest layer is computed once for all of them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import Tensor, nn
from torch.nn import functional

from include.errors import DataError
from include.flights.models.encoding import Codes, Encoder, Numbers
from include.flights.tabm.layers import CategoryEmbedding, MemberLinear, Pieces

WEIGHTS = "weights.safetensors"
REFIT = "refit.safetensors"
SCORED_AT_ONCE = 2048  # rows: larger parts cost more in fresh memory than they save


class Shape(BaseModel):
    """The size of a network."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    members: int = Field(ge=1, le=64, description="members of the ensemble")
    width: int = Field(ge=2, le=2048, description="hidden units per layer")
    layers: int = Field(ge=1, le=8, description="hidden layers")
    bins: int = Field(ge=2, le=256, description="pieces into which a number is cut, at quantiles")
    category_size: int = Field(ge=1, le=64, description="length of the embedding of a category")
    dropout_share: float = Field(ge=0, lt=1, description="share of hidden units left out per step")


class Network(nn.Module):
    """Logits of all members for encoded rows."""

    def __init__(self, numbers: int, cardinalities: Sequence[int], shape: Shape) -> None:
        super().__init__()
        members, width = shape.members, shape.width
        inputs = numbers * (shape.bins + 1) + len(cardinalities) * shape.category_size
        self.numbers = Pieces(numbers, shape.bins)
        self.categories = CategoryEmbedding(cardinalities, shape.category_size)
        self.stem = nn.Linear(inputs, width, bias=False)
        # Random signs make the members differ from the start (TabM, section 3.3).
        self.scale = nn.Parameter(torch.randint(0, 2, (members, 1, width)).float() * 2 - 1)
        self.bias = nn.Parameter(torch.empty(members, 1, width))
        self.hidden = nn.ModuleList(MemberLinear(width, members) for _ in range(shape.layers - 1))
        self.head = nn.Parameter(torch.empty(members, width, 1))
        self.head_bias = nn.Parameter(torch.zeros(members, 1, 1))
        self.dropout_share = shape.dropout_share
        nn.init.uniform_(self.bias, -(inputs**-0.5), inputs**-0.5)
        nn.init.uniform_(self.head, -(width**-0.5), width**-0.5)

    def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """(rows, numbers) and (rows, categories) to logits, (members, rows)."""
        inputs = torch.cat([self.numbers(numbers), self.categories(codes)], dim=1)
        hidden = self.activate(torch.addcmul(self.bias, self.stem(inputs), self.scale))
        for layer in self.hidden:
            hidden = self.activate(layer(hidden))
        return torch.baddbmm(self.head_bias, hidden, self.head).squeeze(-1)

    def activate(self, hidden: Tensor) -> Tensor:
        """Cut off what is negative; in training, leave some units out."""
        hidden = functional.relu(hidden)
        if self.training and self.dropout_share:
            # All members leave out the same units of a row: drawing costs less than layers.
            kept = torch.rand(hidden.shape[1:], device=hidden.device) >= self.dropout_share
            hidden = hidden * (kept / (1 - self.dropout_share))
        return hidden


@dataclass(frozen=True)
class Model:
    """A network with the encoder of its rows."""

    encoder: Encoder
    shape: Shape
    network: Network

    def predict(self, table: pl.DataFrame) -> NDArray[np.float64]:
        """Probability of late, one per row.

        Raises:
            DataError: a feature is not in the table, or is not a number.
        """
        return self.score(self.encoder.numbers(table), self.encoder.codes(table))

    def score(self, numbers: Numbers, codes: Codes) -> NDArray[np.float64]:
        """The same for rows that are encoded."""
        return score(self.network, numbers, codes)

    def save(self, folder: Path, about: dict[str, object]) -> None:
        """Write weights.safetensors and model.json into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        held = {"kind": "torch", **about, "network": self.shape.model_dump()}
        text = json.dumps(held | {"encoder": self.encoder.to_json()}, indent=2)
        (folder / "model.json").write_text(text + "\n")
        save_weights(self.network, folder / WEIGHTS)


def save_weights(network: Network, path: Path) -> None:
    """Write the weights, with the quantiles of the numbers, as one safetensors file."""
    held = {name: tensor.contiguous().cpu() for name, tensor in network.state_dict().items()}
    # Not save_file: it makes a file that only its owner may read.
    path.write_bytes(to_bytes(held))


def load(folder: Path, weights: str = WEIGHTS) -> Model:
    """Read the model that train_torch wrote, ready to predict on the CPU.

    Raises:
        DataError: the folder holds no such model, or one of another kind.
    """
    for path in (folder / "model.json", folder / weights):
        if not path.exists():
            raise DataError(f"{path} does not exist.", "run `dvc repro train_torch`.")
    held = json.loads((folder / "model.json").read_text())
    if held.get("kind") != "torch":
        what = f"{folder} holds a model of kind {held.get('kind')!r}, not 'torch'."
        raise DataError(what, "give the folder that train_torch wrote.")
    encoder = Encoder.from_json(held["encoder"])
    shape = Shape.model_validate(held["network"])
    network = Network(len(encoder.number_names), encoder.cardinalities, shape)
    try:
        network.load_state_dict(load_file(folder / weights))
    except (SafetensorError, RuntimeError) as error:
        what = f"{folder / weights} does not hold the network of model.json: {error}."
        raise DataError(what, "run `dvc repro --force train_torch`.") from error
    return Model(encoder, shape, network.eval())


def score(network: Network, numbers: Numbers, codes: Codes) -> NDArray[np.float64]:
    """Mean probability over the members, one per row."""
    network.eval()
    device = next(network.parameters()).device
    # Not a list of parts: they would lie between what the layers free, and keep it from the system.
    means = np.empty(len(numbers))
    with torch.inference_mode():
        for first in range(0, len(numbers), SCORED_AT_ONCE):
            part = slice(first, first + SCORED_AT_ONCE)
            rows = (torch.from_numpy(array[part]).to(device) for array in (numbers, codes))
            means[part] = network(*rows).double().sigmoid().mean(dim=0).cpu().numpy()
    return means
