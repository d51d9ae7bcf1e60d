"""Learn adapters from examples: only the replies count, one example at a time."""

import math
import random
from collections.abc import Callable, Sequence

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional

from include.assistant.generator.examples import Tokens


class Learning(BaseModel):
    """How adapters learn."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(ge=1, le=100, description="times that each example is seen")
    learning_rate: float = Field(gt=0, le=1, description="at its highest, after the first steps")
    batch: int = Field(ge=1, description="examples of a step")
    warmup_share: float = Field(ge=0, lt=1, description="of the steps, until it is at its highest")
    longest: int = Field(ge=8, description="tokens of an example; longer ones are left out")
    seed: int = Field(ge=0, description="of the order and of the adapters")


def train(
    network: nn.Module, examples: Sequence[Tokens], settings: Learning, say: Callable[[str], None]
) -> None:
    """Train what is not frozen."""
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=0.0)
    steps = settings.epochs * math.ceil(len(examples) / settings.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: rate(step, steps, settings.warmup_share)
    )
    order, draw = list(examples), random.Random(settings.seed)
    for epoch in range(settings.epochs):
        draw.shuffle(order)
        total = 0.0
        for start in range(0, len(order), settings.batch):
            batch = order[start : start + settings.batch]
            optimizer.zero_grad()
            # One at a time: no padding, and the memory of one.
            for example in batch:
                one = loss(network, example) / len(batch)
                one.backward()  # type: ignore[no-untyped-call]
                total += one.item() * len(batch)
            nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            schedule.step()
        say(f"epoch {epoch + 1}: loss {total / len(order):.4f} a token of the replies")


def rate(step: int, steps: int, warmup_share: float) -> float:
    """The share of the learning rate at a step: up, then down to zero in a line."""
    warmup = warmup_share * steps
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return max(0.0, (steps - step) / max(1.0, steps - warmup))


def loss(network: nn.Module, example: Tokens) -> Tensor:
    """Nats a token of the reply."""
    device = next(network.parameters()).device
    numbers = torch.tensor([example.numbers], device=device)
    logits = network(numbers[:, :-1])[0, example.reply_at - 1 :]
    return functional.cross_entropy(logits.float(), numbers[0, example.reply_at :])


@torch.no_grad()
def mean_loss(network: nn.Module, examples: Sequence[Tokens]) -> float:
    """The loss of all examples, each counted once."""
    return math.fsum(loss(network, example).item() for example in examples) / len(examples)
