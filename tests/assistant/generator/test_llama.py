"""The decoder computes what the architecture says, from files as Hugging Face has them."""

import json

import pytest
import torch
from assistant_generator import SHAPE, tiny_llama

from include.assistant.generator.llama import Llama, Shape, load
from include.errors import DataError


def test_logits_are_those_of_the_reference():
    shape = {"vocab_size": 11, "hidden_size": 8, "intermediate_size": 12}
    network = Llama(Shape.model_validate({**SHAPE, **shape}))
    for number, (_, weight) in enumerate(sorted(network.state_dict().items())):
        places = torch.arange(weight.numel(), dtype=torch.float64).reshape(weight.shape)
        weight.copy_(torch.sin(places * 0.7 + number) * 0.5)
    with torch.no_grad():
        logits = network(torch.tensor([[1, 5, 2, 9]]))[0, -1, :4]
    # LlamaForCausalLM of transformers 5.24.0, with the same weights and tokens.
    assert logits.tolist() == pytest.approx([0.0481245, 0.0763119, 0.0702454, 0.0326479], abs=1e-6)


def test_later_tokens_change_nothing_of_what_is_before(tmp_path):
    network = load(tiny_llama(tmp_path / "base"), torch.float32)
    with torch.no_grad():
        one, other = (network(torch.tensor([tokens])) for tokens in ([5, 6, 7, 8], [5, 6, 7, 9]))
    assert torch.equal(one[0, :3], other[0, :3]) and not torch.equal(one[0, 3], other[0, 3])


def test_a_table_may_serve_to_read_and_to_write(tmp_path):
    network = load(tiny_llama(tmp_path / "base", tie_word_embeddings=True), torch.float32)
    assert network.lm_head.weight is network.model.embed_tokens.weight


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "gpt2"}, "is not that of a Llama model: model_type"),
        ({"rope_scaling": {"factor": 8}}, "is not that of a Llama model: rope_scaling"),
        ({"rope_parameters": {"rope_type": "yarn"}}, "is not that of a Llama model: rope_scaling"),
        ({"num_hidden_layers": 3}, "do not fit config.json: .*layers.2"),
    ],
    ids=["another architecture", "stretched positions", "as newer files say so", "another size"],
)
def test_what_is_not_known_is_refused_by_name(tmp_path, change, message):
    base = tiny_llama(tmp_path / "base")
    (base / "config.json").write_text(json.dumps({**SHAPE, **change}))
    with pytest.raises(DataError, match=f"{message}.*\n  Next: give a folder of a Llama model"):
        load(base, torch.float32)


def test_files_that_are_not_there_or_damaged_say_so(tmp_path):
    with pytest.raises(DataError, match="config.json does not exist"):
        load(tmp_path, torch.float32)
    base = tiny_llama(tmp_path / "base")
    (base / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(DataError, match="weights in .* cannot be read"):
        load(base, torch.float32)
