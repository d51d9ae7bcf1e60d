"""Training by contrast: a question's vector is to be nearer to its passage than to all others.

The loss is that of Henderson et al. ("Efficient Natural Language Response Suggestion for Smart
Reply", 2017, arXiv:1705.00652): the others are those of the batch. All others at once were tried:
among so many, some say the same, and nDCG@10 was lower by .01.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor
from torch.nn import functional

from include.assistant.retrieval.bert import Bert
from include.assistant.retrieval.vectors import Array


class Schedule(BaseModel):
    """How an encoder is trained."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(ge=1, le=20, description="times that each pair is seen")
    batch: int = Field(ge=2, le=1024, description="pairs per step")
    siblings: int = Field(ge=1, le=1024, description="pairs of one page that a step sees together")
    learning_rate: float = Field(gt=0, le=0.1, description="the highest; it rises, then falls")
    warmup_share: float = Field(ge=0, lt=1, description="of the steps, in which it rises")
    weight_decay: float = Field(ge=0, le=1, description="of AdamW")
    scale: float = Field(gt=0, le=200, description="what a cosine is multiplied with in the loss")
    gradient_max: float = Field(gt=0, description="length above which a gradient is cut")
    seed: int = Field(description="seed of the order in which pairs are seen")


class Losses(NamedTuple):
    """The mean loss over the first and the last of the steps, a tenth of them each."""

    first: float
    last: float


def train(
    network: Bert,
    texts: Sequence[list[int]],
    passages: Array,
    pages: Sequence[str],
    schedule: Schedule,
) -> Losses:
    """Train a network in place: the vector of text i is to be nearest to passage i.

    Args:
        texts: token ids.
        passages: one vector per text; they are not trained.
        pages: where each passage stands.
    """
    network.requires_grad_(True)
    targets = torch.from_numpy(passages)
    optimizer = torch.optim.AdamW(
        network.parameters(), schedule.learning_rate, weight_decay=schedule.weight_decay
    )
    batches = drawn(pages, schedule)
    losses = []
    for step, rows in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = schedule.learning_rate * share(step, len(batches), schedule.warmup_share)
        cosines = network(*padded([texts[row] for row in rows])) @ targets[rows].T
        loss = functional.cross_entropy(schedule.scale * cosines, torch.arange(len(rows)))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), schedule.gradient_max)
        optimizer.step()
        losses.append(float(loss.detach()))
    network.requires_grad_(False)
    tenth = max(1, len(losses) // 10)
    return Losses(float(np.mean(losses[:tenth])), float(np.mean(losses[-tenth:])))


def drawn(pages: Sequence[str], schedule: Schedule) -> list[list[int]]:
    """The rows of each step: all of them in each epoch, and beside most of them some of its page.

    What stands on one page is hardest to tell apart, and so the most is learned from it.
    """
    random = np.random.default_rng(schedule.seed)
    steps = []
    for _ in range(schedule.epochs):
        first = {page: random.random() for page in sorted({*pages})}
        order = sorted(random.permutation(len(pages)).tolist(), key=lambda row: first[pages[row]])
        groups = cut(order, schedule.siblings)
        mixed = [row for at in random.permutation(len(groups)) for row in groups[at]]
        steps.extend(cut(mixed, schedule.batch))
    return steps


def cut(rows: list[int], size: int) -> list[list[int]]:
    """Rows in parts of a size; the last may be smaller."""
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def share(step: int, steps: int, warmup_share: float) -> float:
    """The share of the highest learning rate at a step: up in a line, then down to none."""
    rising = max(1, round(steps * warmup_share))
    return min((step + 1) / rising, (steps - step) / max(1, steps - rising))


def padded(texts: Sequence[list[int]]) -> tuple[Tensor, Tensor]:
    """Token ids of one length, and which of them are there."""
    longest = max(map(len, texts))
    tokens = torch.zeros(len(texts), longest, dtype=torch.long)
    there = torch.zeros(len(texts), longest, dtype=torch.bool)
    for row, text in enumerate(texts):
        tokens[row, : len(text)] = torch.tensor(text)
        there[row, : len(text)] = True
    return tokens, there
