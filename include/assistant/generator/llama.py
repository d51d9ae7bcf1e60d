"""A decoder of the Llama architecture in plain torch, with weights as Hugging Face keeps them.

Touvron et al., "LLaMA: Open and Efficient Foundation Language Models", arXiv:2302.13971; grouped
queries: Ainslie et al., arXiv:2305.13245; rotary positions: Su et al., arXiv:2104.09864.
"""

import json
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from include.errors import DataError

FIX = "give a folder of a Llama model: config.json, model*.safetensors, tokenizer.json."


class Shape(BaseModel):
    """What config.json says of the size; what else it holds is not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model_type: str = Field(pattern="^llama$", description="no other is known here")
    vocab_size: int = Field(ge=1, description="tokens")
    hidden_size: int = Field(ge=1, description="width")
    intermediate_size: int = Field(ge=1, description="width within a layer")
    num_hidden_layers: int = Field(ge=1, description="layers")
    num_attention_heads: int = Field(ge=1, description="heads that ask")
    num_key_value_heads: int = Field(ge=1, description="heads that are asked")
    rms_norm_eps: float = Field(default=1e-6, description="keeps a norm from zero")
    rope_theta: float = Field(default=10000.0, description="the slowest wave of positions")
    rope_scaling: None = Field(default=None, description="stretched positions are not known here")
    head_dim: int | None = Field(default=None, description="width of a head, if not their share")
    hidden_act: str = Field(default="silu", pattern="^silu$", description="within a layer")
    attention_bias: bool = Field(default=False, description="not known here")
    tie_word_embeddings: bool = Field(default=False, description="one table to read and to write")
    max_position_embeddings: int = Field(default=2048, ge=1, description="longest text")

    @property
    def head(self) -> int:
        """Width of a head."""
        return self.head_dim or self.hidden_size // self.num_attention_heads


class Norm(nn.Module):
    """Divide by the root mean square."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, hidden: Tensor) -> Tensor:
        wide = hidden.float()
        scale = torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)
        return self.weight * (wide * scale).to(hidden.dtype)


class Attention(nn.Module):
    """Look back at earlier tokens."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        asking = shape.num_attention_heads * shape.head
        asked = shape.num_key_value_heads * shape.head
        self.shape = shape
        self.q_proj = nn.Linear(shape.hidden_size, asking, bias=False)
        self.k_proj = nn.Linear(shape.hidden_size, asked, bias=False)
        self.v_proj = nn.Linear(shape.hidden_size, asked, bias=False)
        self.o_proj = nn.Linear(asking, shape.hidden_size, bias=False)

    def forward(self, hidden: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
        rows, length, _ = hidden.shape
        query, key, value = (
            projected(hidden).view(rows, length, -1, self.shape.head).transpose(1, 2)
            for projected in (self.q_proj, self.k_proj, self.v_proj)
        )
        query, key = turned(query, turns), turned(key, turns)
        groups = self.shape.num_attention_heads // self.shape.num_key_value_heads
        key, value = (part.repeat_interleave(groups, dim=1) for part in (key, value))
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        said: Tensor = self.o_proj(seen.transpose(1, 2).reshape(rows, length, -1))
        return said


class Feed(nn.Module):
    """What a layer computes for each token by itself."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden_size, shape.intermediate_size, bias=False)
        self.up_proj = nn.Linear(shape.hidden_size, shape.intermediate_size, bias=False)
        self.down_proj = nn.Linear(shape.intermediate_size, shape.hidden_size, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        fed: Tensor = self.down_proj(functional.silu(self.gate_proj(hidden)) * self.up_proj(hidden))
        return fed


class Layer(nn.Module):
    """One layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.self_attn, self.mlp = Attention(shape), Feed(shape)
        self.input_layernorm = Norm(shape.hidden_size, shape.rms_norm_eps)
        self.post_attention_layernorm = Norm(shape.hidden_size, shape.rms_norm_eps)

    def forward(self, hidden: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
        hidden = hidden + self.self_attn(self.input_layernorm(hidden), turns)
        fed: Tensor = hidden + self.mlp(self.post_attention_layernorm(hidden))
        return fed


class Decoder(nn.Module):
    """All layers, named as the files name them."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocab_size, shape.hidden_size)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.num_hidden_layers))
        self.norm = Norm(shape.hidden_size, shape.rms_norm_eps)


class Llama(nn.Module):
    """Logits of the next token."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape, self.model = shape, Decoder(shape)
        self.lm_head = nn.Linear(shape.hidden_size, shape.vocab_size, bias=False)
        if shape.tie_word_embeddings:
            self.lm_head.weight = self.model.embed_tokens.weight

    def forward(self, tokens: Tensor) -> Tensor:
        """(rows, tokens) to logits, (rows, tokens, vocabulary)."""
        hidden = self.model.embed_tokens(tokens)
        turns = waves(tokens.shape[1], self.shape, hidden)
        for layer in self.model.layers:
            hidden = layer(hidden, turns)
        logits: Tensor = self.lm_head(self.model.norm(hidden))
        return logits


def waves(length: int, shape: Shape, like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine by which each position turns a head."""
    steps = torch.arange(0, shape.head, 2, device=like.device).float() / shape.head
    places = torch.arange(length, device=like.device).float()
    angles = torch.outer(places, shape.rope_theta**-steps)
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos().to(like.dtype), angles.sin().to(like.dtype)


def turned(heads: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
    """The heads, turned by their positions."""
    first, second = heads.chunk(2, dim=-1)
    return heads * turns[0] + torch.cat([-second, first], dim=-1) * turns[1]


def load(folder: Path, dtype: torch.dtype) -> Llama:
    """Read a model from the files of Hugging Face.

    Raises:
        DataError: they are not there, damaged, or of another architecture.
    """
    shape = read_shape(folder)
    with torch.device("meta"):
        network = Llama(shape)
    weights: dict[str, Tensor] = {}
    try:
        for path in sorted(folder.glob("model*.safetensors")):
            weights |= load_file(path)
    except (SafetensorError, OSError) as error:
        raise DataError(f"The weights in {folder} cannot be read: {error}.", FIX) from None
    if shape.tie_word_embeddings and "model.embed_tokens.weight" in weights:
        weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    # Older files keep waves that follow from the shape.
    weights = {name: held.to(dtype) for name, held in weights.items() if "inv_freq" not in name}
    try:
        network.load_state_dict(weights, assign=True)
    except RuntimeError as error:
        problem = " ".join(str(error).split())[:300]
        raise DataError(
            f"The weights in {folder} do not fit config.json: {problem}.", FIX
        ) from None
    if shape.tie_word_embeddings:
        network.lm_head.weight = network.model.embed_tokens.weight
    return network


def read_shape(folder: Path) -> Shape:
    """The size that config.json tells.

    Raises:
        DataError: it is not there, or of an architecture that is not known here.
    """
    path = folder / "config.json"
    try:
        held = json.loads(path.read_text())
        waves_of = held.get("rope_parameters") or {}  # where newer files have it
        if waves_of:
            plain = waves_of.get("rope_type", "default") == "default"
            held |= {"rope_scaling": None if plain else waves_of}
            held |= {"rope_theta": waves_of.get("rope_theta", 10000.0)}
        return Shape.model_validate(
            {"num_key_value_heads": held.get("num_attention_heads"), **held}
        )
    except FileNotFoundError:
        raise DataError(f"{path} does not exist.", FIX) from None
    except (ValueError, AttributeError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        problem = f"{first['loc'][0]}: {first['msg'].lower()}" if first else str(error)
        raise DataError(f"{path} is not that of a Llama model: {problem}.", FIX) from None
