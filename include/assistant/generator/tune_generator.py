"""Stage tune_generator: adapters (LoRA) that teach a model to answer from passages, and to cite."""

import json
import os
from pathlib import Path
from typing import Literal

import polars as pl
import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors.torch import save as to_bytes

from include import step
from include.assistant.answering.prompt import read_prompt
from include.assistant.generator import llama, lora, training
from include.assistant.generator.examples import (
    Example,
    Making,
    Reader,
    Tokens,
    make,
    parted,
    short,
)
from include.assistant.generator.lora import Adapters
from include.assistant.generator.training import Learning
from include.errors import DataError, PipelineError
from include.step import Out

MERGED = "model.safetensors"
DIGITS = 4  # further ones differ between machines


class Params(BaseModel):
    """Section tune_generator of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: str = Field(description="the one that is learned: a file in prompts, without .yaml")
    examples: Making = Field(description="how they are made of the documents")
    adapters: Adapters = Field(description="what is learned")
    learning: Learning = Field(description="how")
    device: Literal["auto", "cpu", "cuda"] = Field(description="auto: a GPU where there is one")
    threads: int = Field(ge=1, le=64, description="CPU threads; part of the result")
    merge: bool = Field(description="also write the whole model, for servers without adapters")


def tune_generator(
    base: Path, passages: Path, questions: Path, generator: Out, metrics: Out, params: Params
) -> None:
    """Train adapters on the documents, and write them with the loss before and after."""
    device = prepare(params)
    prompt = read_prompt(params.prompt)
    examples = make(
        pl.read_parquet(passages / "passages.parquet"),
        pl.read_parquet(questions / "questions.parquet"),
        prompt,
        params.examples,
    )
    train, judge = read(base, examples, params)
    network = llama.load(base, torch.bfloat16 if device.type == "cuda" else torch.float32)
    lora.adapt(network, params.adapters, params.learning.seed).to(device)
    before = training.mean_loss(network, judge)
    training.train(network, train, params.learning, lambda said: print(said, flush=True))
    found = {
        "train_examples": len(train),
        "validation_examples": len(judge),
        "loss_before": round(before, DIGITS),
        "loss_after": round(training.mean_loss(network, judge), DIGITS),
    }
    lora.save(network, params.adapters, generator)
    if params.merge:
        tied = ["lm_head.weight"] if network.shape.tie_word_embeddings else []
        (generator / MERGED).write_bytes(to_bytes(lora.merged(network, tied)))
    metrics.write_text(json.dumps({**found, "prompt": prompt.label}, indent=2) + "\n")
    print(json.dumps(found), flush=True)


def read(base: Path, examples: list[Example], params: Params) -> tuple[list[Tokens], list[Tokens]]:
    """The tokens to learn from and to judge by.

    Raises:
        DataError: there are none of one of them.
    """
    reader, longest = Reader(base), params.learning.longest
    parts = parted(examples, params.examples.validation_share, params.examples.seed)
    train, judge = (short(map(reader.tokens, part), longest) for part in parts)
    left_out = len(examples) - len(train) - len(judge)
    print(
        f"{left_out:,} of {len(examples):,} examples have more than {longest:,} tokens", flush=True
    )
    if not train or not judge:
        kinds = f"{len(train)} are to learn from and {len(judge)} to judge by"
        what = f"Of {len(examples)} examples, {kinds}."
        raise DataError(what, "raise tune_generator.learning.longest, or fetch more documents.")
    return train, judge


def prepare(params: Params) -> torch.device:
    """Choose the device, and make it repeat itself.

    Raises:
        PipelineError: params ask for a GPU that is not there.
    """
    # cuBLAS repeats itself only with a fixed workspace, read when CUDA starts.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(params.threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    there = torch.cuda.is_available()
    if params.device == "cuda" and not there:
        what = "tune_generator.device is cuda, but this machine has no GPU that torch can use."
        raise PipelineError(what, "set it to auto or cpu, or run the stage on a GPU.")
    return torch.device("cuda" if there and params.device != "cpu" else "cpu")


if __name__ == "__main__":
    raise SystemExit(step.run(tune_generator))
