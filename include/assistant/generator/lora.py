"""Low-rank adapters: a few weights beside the frozen ones, that learn in their place.

Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, arXiv:2106.09685. The
files are as PEFT names them, so that servers such as vLLM load them beside the base model.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import Tensor, nn
from torch.nn import functional

from include.errors import ParamsError, at_most_ten

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
PREFIX = "base_model.model."


class Adapters(BaseModel):
    """What is learned."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rank: int = Field(ge=1, le=256, description="width of an adapter")
    alpha: float = Field(gt=0, description="an adapter counts alpha / rank")
    targets: tuple[str, ...] = Field(
        min_length=1, description="projections that get one: q_proj, k_proj, v_proj, o_proj"
    )


class Adapted(nn.Module):
    """A frozen projection, and beside it what was learned."""

    def __init__(self, frozen: nn.Linear, settings: Adapters) -> None:
        super().__init__()
        self.frozen, self.scale = frozen, settings.alpha / settings.rank
        self.lora_A = nn.Parameter(torch.empty(settings.rank, frozen.in_features))
        self.lora_B = nn.Parameter(torch.zeros(frozen.out_features, settings.rank))
        # B is zero: at first, nothing is changed (section 4.1).
        nn.init.kaiming_uniform_(self.lora_A, a=5**0.5)

    def forward(self, hidden: Tensor) -> Tensor:
        low = functional.linear(hidden.to(self.lora_A.dtype), self.lora_A)
        said: Tensor = self.frozen(hidden)
        return said + (functional.linear(low, self.lora_B) * self.scale).to(said.dtype)

    def merged(self) -> Tensor:
        """The weight of one projection that does the same."""
        change = self.lora_B @ self.lora_A * self.scale
        return self.frozen.weight + change.to(self.frozen.weight.dtype)


def adapt(network: nn.Module, settings: Adapters, seed: int) -> nn.Module:
    """Freeze a network, and put an adapter beside each projection of these names.

    Raises:
        ParamsError: it has none of a name.
    """
    network.requires_grad_(False)
    there = {
        name.rpartition(".")[2] for name, module in network.named_modules() if is_linear(module)
    }
    unknown = sorted(set(settings.targets) - there)
    if unknown:
        known = at_most_ten(sorted(there))
        what = f"The model has no projection {at_most_ten(unknown)}; it has {known}."
        raise ParamsError(what, "correct tune_generator.adapters.targets in params.yaml.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for parent in list(network.modules()):
            for name, child in list(parent.named_children()):
                if name in settings.targets and isinstance(child, nn.Linear):
                    setattr(parent, name, Adapted(child, settings))
    return network


def is_linear(module: nn.Module) -> bool:
    """Whether a module may get an adapter."""
    return isinstance(module, nn.Linear)


def adapted(network: nn.Module) -> Iterator[tuple[str, Adapted]]:
    """The adapters of a network, by the names of what they stand beside."""
    for name, module in network.named_modules():
        if isinstance(module, Adapted):
            yield name, module


def save(network: nn.Module, settings: Adapters, folder: Path) -> None:
    """Write the adapters; the base model stays where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    held = {
        f"{PREFIX}{name}.{part}.weight": getattr(module, part).detach().cpu().contiguous()
        for name, module in adapted(network)
        for part in ("lora_A", "lora_B")
    }
    (folder / WEIGHTS).write_bytes(to_bytes(held))
    about = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": "",
        "r": settings.rank,
        "lora_alpha": settings.alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "target_modules": sorted(settings.targets),
    }
    (folder / CONFIG).write_text(json.dumps(about, indent=2) + "\n")


def restore(network: nn.Module, folder: Path) -> None:
    """Give the adapters of a network the weights of files."""
    held = load_file(folder / WEIGHTS)
    for name, module in adapted(network):
        for part in ("lora_A", "lora_B"):
            getattr(module, part).data.copy_(held[f"{PREFIX}{name}.{part}.weight"])


def merged(network: nn.Module, tied: Sequence[str] = ()) -> dict[str, Tensor]:
    """The weights of a network without adapters that does the same.

    Args:
        tied: names that stand for another, and are left out of files.
    """
    held = {name: tensor.detach() for name, tensor in network.state_dict().items()}
    for name, module in adapted(network):
        for part in ("lora_A", "lora_B", "frozen.weight"):
            del held[f"{name}.{part}"]
        held[f"{name}.weight"] = module.merged().detach()
    return {name: tensor.cpu().contiguous() for name, tensor in held.items() if name not in tied}
