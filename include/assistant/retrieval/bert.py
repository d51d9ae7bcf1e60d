"""The network: a BERT whose output is one vector of length 1 a text, the mean over its tokens.

The architecture is BERT (Devlin, Chang, Lee, Toutanova, NAACL 2019, arXiv:1810.04805), the pooling
Sentence-BERT's (Reimers, Gurevych, EMNLP 2019, arXiv:1908.10084). Modules are named as the tensors
of the weights' file are, so that the file is read and written as it is.
"""

from typing import cast

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional


class Shape(BaseModel):
    """What the file config.json beside the weights says of them; it says more."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    vocab_size: int = Field(ge=1, description="tokens that have an embedding")
    hidden_size: int = Field(ge=1, description="numbers a token, and in the vector of a text")
    intermediate_size: int = Field(ge=1, description="hidden units of each feed-forward layer")
    num_hidden_layers: int = Field(ge=1, description="layers")
    num_attention_heads: int = Field(ge=1, description="heads of each layer")
    max_position_embeddings: int = Field(ge=1, description="tokens that have a place")
    type_vocab_size: int = Field(ge=1, description="kinds of text; only the first is used")
    layer_norm_eps: float = Field(gt=0, description="keeps the division by a spread from zero")


class Bert(nn.Module):
    """Vectors of unit length for token ids, (texts, tokens); all tokens count that `mask` has."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embeddings = Embeddings(shape)
        self.encoder = Layers(shape)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        hidden = self.encoder(self.embeddings(tokens), mask)
        if mask is None:
            mean = hidden.mean(dim=1)
        else:
            kept = mask.unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * kept).sum(dim=1) / kept.sum(dim=1)
        return functional.normalize(mean, dim=1)


class Embeddings(nn.Module):
    """What a token is, and where it stands."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.word_embeddings = Table(shape.vocab_size, shape.hidden_size)
        self.position_embeddings = Table(shape.max_position_embeddings, shape.hidden_size)
        self.token_type_embeddings = Table(shape.type_vocab_size, shape.hidden_size)
        self.LayerNorm = nn.LayerNorm(shape.hidden_size, shape.layer_norm_eps)

    def forward(self, tokens: Tensor) -> Tensor:
        places = self.position_embeddings.weight[: tokens.shape[1]]
        kind = self.token_type_embeddings.weight[0]
        return cast(Tensor, self.LayerNorm(self.word_embeddings(tokens) + kind + places))


class Table(nn.Embedding):
    """A vector for each number; of none where it lies on no device.

    To draw some there torch would import its compiler, which takes a second.
    """

    def reset_parameters(self) -> None:
        if not self.weight.is_meta:
            super().reset_parameters()


class Layers(nn.Module):
    """The layers, one after the other."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Layer(shape) for _ in range(shape.num_hidden_layers))

    def forward(self, hidden: Tensor, mask: Tensor | None) -> Tensor:
        seen = None if mask is None else mask[:, None, None, :]
        for layer in self.layer:
            hidden = layer(hidden, seen)
        return hidden


class Layer(nn.Module):
    """Attention between the tokens, then a network for each of them."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention = Attention(shape)
        self.intermediate = Dense(shape.hidden_size, shape.intermediate_size)
        self.output = Output(shape.intermediate_size, shape)

    def forward(self, hidden: Tensor, seen: Tensor | None) -> Tensor:
        attended = self.attention(hidden, seen)
        inner = functional.gelu(self.intermediate.dense(attended))
        return cast(Tensor, self.output(inner, attended))


class Attention(nn.Module):
    """Each token takes from the others what it asks for."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.self = Heads(shape)
        self.output = Output(shape.hidden_size, shape)

    def forward(self, hidden: Tensor, seen: Tensor | None) -> Tensor:
        return cast(Tensor, self.output(self.self(hidden, seen), hidden))


class Heads(nn.Module):
    """Attention of several heads side by side."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.num_attention_heads
        self.query = nn.Linear(shape.hidden_size, shape.hidden_size)
        self.key = nn.Linear(shape.hidden_size, shape.hidden_size)
        self.value = nn.Linear(shape.hidden_size, shape.hidden_size)

    def forward(self, hidden: Tensor, seen: Tensor | None) -> Tensor:
        query, key, value = (
            layer(hidden).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        taken = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        return taken.transpose(1, 2).flatten(2)


class Dense(nn.Module):
    """A linear layer, under the name that it has in the file."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.dense = nn.Linear(inputs, outputs)


class Output(nn.Module):
    """A linear layer whose result is added to what was there, and brought to one spread."""

    def __init__(self, inputs: int, shape: Shape) -> None:
        super().__init__()
        self.dense = nn.Linear(inputs, shape.hidden_size)
        self.LayerNorm = nn.LayerNorm(shape.hidden_size, shape.layer_norm_eps)

    def forward(self, inner: Tensor, before: Tensor) -> Tensor:
        return cast(Tensor, self.LayerNorm(self.dense(inner) + before))


def weights_of(network: Bert, held: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a file that the network has: a pooler and the like are left out."""
    return {name: held[name] for name in network.state_dict() if name in held}


def empty(shape: Shape) -> Bert:
    """A network without weights of its own, to be given those of a file."""
    with torch.device("meta"):
        return Bert(shape)
