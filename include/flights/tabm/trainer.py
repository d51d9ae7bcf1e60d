"""One network in training: steps over batches, a step size that rises and falls, half precision.

Every random draw of an epoch follows from the seed and the number of the epoch.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor
from torch.nn import functional

from include.errors import PipelineError
from include.flights.models.encoding import Codes, Numbers
from include.flights.tabm.network import Network

Values = dict[str, float]


class Schedule(BaseModel):
    """How a network is trained."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(ge=1, le=1000, description="most passes over the training flights")
    patience: int = Field(ge=1, description="epochs without gain before training stops")
    choose_by: Literal["log_loss", "auc"] = Field(description="validation metric that chooses")
    batch_rows: int = Field(ge=1, description="flights per step")
    learning_rate: float = Field(gt=0, le=1, description="highest step size of AdamW")
    warmup_share: float = Field(ge=0, lt=1, description="share of the steps that lead up to it")
    weight_decay: float = Field(ge=0, le=1, description="decay of the weights, per step size")
    seed: int = Field(ge=0, le=2**31, description="seed of the random number generator")


@dataclass(frozen=True)
class Rows:
    """Encoded flights and their outcome."""

    numbers: Numbers
    codes: Codes
    late: NDArray[np.bool_]

    def where(self, wanted: NDArray[np.bool_]) -> "Rows":
        """Some of the rows; no copy if they lie together, as those of a split do by month."""
        places = np.flatnonzero(wanted)
        together = len(places) and places[-1] - places[0] + 1 == len(places)
        rows = slice(places[0], places[-1] + 1) if together else places
        return Rows(self.numbers[rows], self.codes[rows], self.late[rows])

    def tensors(self, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """Numbers, codes and outcome (0 or 1) on a device."""
        arrays = (self.numbers, self.codes, self.late.astype(np.float32))
        numbers, codes, late = (torch.from_numpy(array).to(device) for array in arrays)
        return numbers, codes, late


class Trainer:
    """A network with its optimizer, and with mixed precision on a GPU."""

    def __init__(self, net: Network, schedule: Schedule, mixed: bool) -> None:
        self.net, self.schedule, self.mixed = net, schedule, mixed
        self.device = next(net.parameters()).device
        decayed = [held for name, held in net.named_parameters() if name.endswith("weight")]
        others = [held for name, held in net.named_parameters() if not name.endswith("weight")]
        groups = [
            {"params": decayed, "weight_decay": schedule.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=schedule.learning_rate, fused=True)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=mixed)

    def epoch(self, number: int, tensors: tuple[Tensor, Tensor, Tensor]) -> Values:
        """One pass over the rows in a new order; the mean log loss, and the last step size.

        Raises:
            PipelineError: the loss is no longer a number.
        """
        torch.manual_seed(self.schedule.seed * 1000 + number)
        rows = len(tensors[2])
        size = min(self.schedule.batch_rows, rows)
        steps = rows // size  # the rows left over differ from epoch to epoch
        order = torch.randperm(rows).to(self.device)
        total, rate = torch.zeros((), dtype=torch.float64, device=self.device), 0.0
        self.net.train()
        for index in range(steps):
            rate = learning_rate(self.schedule, number - 1 + index / steps)
            picked = order[index * size : (index + 1) * size]
            total += self.step(rate, *(held[picked] for held in tensors))
        loss = float(total) / steps
        if not math.isfinite(loss):
            raise PipelineError(
                f"The loss of epoch {number} is {loss} at a learning rate of {rate:.2g}.",
                "lower train_torch.learning_rate in params.yaml.",
            )
        return {"learning_rate": rate, "train/log_loss": loss}

    def step(self, rate: float, numbers: Tensor, codes: Tensor, late: Tensor) -> Tensor:
        """Learn from one batch; its loss, the mean over members of each one's own."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        with torch.autocast(self.device.type, torch.float16, enabled=self.mixed):
            logits = self.net(numbers, codes)
        targets = late.expand_as(logits)
        loss = functional.binary_cross_entropy_with_logits(logits.float(), targets)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss.detach()

    def state(self) -> dict[str, object]:
        """All that the next epoch needs."""
        return {
            "network": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
        }

    def restore(self, held: dict[str, dict[str, object]]) -> None:
        """Take up a state."""
        self.net.load_state_dict(held["network"])
        self.optimizer.load_state_dict(held["optimizer"])
        self.scaler.load_state_dict(held["scaler"])


def learning_rate(schedule: Schedule, epoch: float) -> float:
    """The step size after so many epochs: up in a line, then down to 0 in half a cosine."""
    done, warmup = epoch / schedule.epochs, schedule.warmup_share
    if done < warmup:
        return schedule.learning_rate * (done + 1e-3) / (warmup + 1e-3)
    return schedule.learning_rate * (1 + math.cos(math.pi * (done - warmup) / (1 - warmup))) / 2
