"""A tiny Llama model that never learned, with a tokenizer and a template of its own."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from include.assistant.generator.llama import Llama, Shape

SHAPE = {
    "model_type": "llama",
    "vocab_size": 99,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-5,
    "rope_theta": 100.0,
}
TEMPLATE = (
    "{% for m in messages %}<s>{{ m['role'] }}\n{{ m['content'] }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
)


def tiny_llama(folder: Path, **shape: object) -> Path:
    """Files as Hugging Face has them: a token a letter, and two for the ends of what is said."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    folder.mkdir(parents=True)
    held = {**SHAPE, **shape}
    (folder / "config.json").write_text(json.dumps(held))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        weights = Llama(Shape.model_validate(held)).state_dict()
    if held.get("tie_word_embeddings"):
        del weights["lm_head.weight"]
    save_file(
        {name: tensor.clone() for name, tensor in weights.items()}, folder / "model.safetensors"
    )
    letters = ["<unk>", "<s>", "</s>", "\n", *map(chr, range(32, 127))]
    tokenizer = Tokenizer(models.WordLevel({one: n for n, one in enumerate(letters)}, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.add_special_tokens(["<s>", "</s>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    about = {"bos_token": "<s>", "eos_token": {"content": "</s>"}, "chat_template": TEMPLATE}
    (folder / "tokenizer_config.json").write_text(json.dumps(about))
    return folder
