"""Adapters begin as nothing, learn beside weights that stay, and merge into the same model."""

import json

import pytest
import torch
from assistant_generator import tiny_llama
from safetensors.torch import load_file

from include.assistant.generator import lora
from include.assistant.generator.llama import Llama, load
from include.assistant.generator.lora import Adapters
from include.errors import ParamsError

SETTINGS = Adapters(rank=2, alpha=4, targets=("q_proj", "v_proj"))
TOKENS = torch.tensor([[5, 6, 7, 8]])


@pytest.fixture
def network(tmp_path) -> Llama:
    return load(tiny_llama(tmp_path / "base"), torch.float32)


def changed(network: Llama) -> Llama:
    """The network with adapters that do something."""
    lora.adapt(network, SETTINGS, 1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        for _, adapter in lora.adapted(network):
            adapter.lora_B.data.normal_()
    return network


@torch.no_grad()
def test_at_first_an_adapter_changes_nothing(network):
    before = network(TOKENS)
    lora.adapt(network, SETTINGS, 1)
    assert torch.equal(network(TOKENS), before)


def test_only_adapters_learn(network):
    lora.adapt(network, SETTINGS, 1)
    learning = {name for name, weight in network.named_parameters() if weight.requires_grad}
    assert len(learning) == 2 * 2 * 2  # layers, projections, A and B
    assert all(name.endswith(("lora_A", "lora_B")) for name in learning)


def test_an_adapter_adds_alpha_over_rank_times_b_a_x():
    frozen = torch.nn.Linear(2, 1, bias=False)
    adapter = lora.Adapted(frozen, Adapters(rank=1, alpha=3, targets=("x",)))
    frozen.weight.data = torch.tensor([[1.0, 2.0]])
    adapter.lora_A.data, adapter.lora_B.data = torch.tensor([[1.0, 1.0]]), torch.tensor([[0.5]])
    # 1 x 10 + 2 x 20 = 50, and 3 x 0.5 x (10 + 20) = 45 beside it.
    assert adapter(torch.tensor([[10.0, 20.0]])).item() == 95
    assert adapter.merged().tolist() == [[2.5, 3.5]]


@torch.no_grad()
def test_the_merged_model_says_the_same(network, tmp_path):
    said = changed(network)(TOKENS)
    merged = lora.merged(network)
    plain = load(tmp_path / "base", torch.float32)
    assert not torch.allclose(plain(TOKENS), said, atol=1e-3)
    plain.load_state_dict(merged)
    assert torch.allclose(plain(TOKENS), said, atol=1e-5)


@torch.no_grad()
def test_files_are_named_as_peft_has_them_and_are_read_again(network, tmp_path):
    said = changed(network)(TOKENS)
    lora.save(network, SETTINGS, tmp_path / "adapter")
    held = load_file(tmp_path / "adapter/adapter_model.safetensors")
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    assert held[name].shape == (2, 16) and len(held) == 8
    about = json.loads((tmp_path / "adapter/adapter_config.json").read_text())
    assert (about["r"], about["lora_alpha"], about["target_modules"]) == (
        2,
        4,
        ["q_proj", "v_proj"],
    )
    again = load(tmp_path / "base", torch.float32)
    lora.adapt(again, SETTINGS, 9)
    lora.restore(again, tmp_path / "adapter")
    assert torch.equal(again(TOKENS), said)


def test_a_projection_that_is_not_there_is_named(network):
    with pytest.raises(ParamsError, match="no projection qkv; it has down_proj, gate_proj, k_proj"):
        lora.adapt(network, Adapters(rank=1, alpha=1, targets=("qkv",)), 1)
