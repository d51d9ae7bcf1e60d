"""Train a network epoch by epoch, so that a killed training goes on exactly where it stopped.

The state after each epoch is kept, and an epoch depends on nothing but the state before it and
its number: a training that went on equals one that was never stopped.
"""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor

from include.flights.models.training import scores
from include.flights.tabm import network
from include.flights.tabm.checkpoints import Checkpoint
from include.flights.tabm.network import Network
from include.flights.tabm.trainer import Rows, Schedule, Trainer, Values


@dataclass
class Progress:
    """What a training has done so far."""

    history: list[Values] = field(default_factory=list)
    best_epoch: int = 0
    best_score: float = -math.inf
    best_weights: dict[str, Tensor] = field(default_factory=dict)

    def finished(self, schedule: Schedule, epochs: int) -> bool:
        """Whether all epochs are done, or the last ones brought no gain."""
        done = len(self.history)
        return done >= epochs or done - self.best_epoch >= schedule.patience

    def keep(self, values: Values, score: float, weights: dict[str, Tensor]) -> None:
        """Add an epoch; it is the best if its score is the highest."""
        self.history.append(values)
        if score > self.best_score:
            self.best_epoch, self.best_score = len(self.history), score
            self.best_weights = copy.deepcopy(weights)


def train(
    net: Network,
    rows: Rows,
    validation: Rows | None,
    schedule: Schedule,
    epochs: int,
    checkpoint: Checkpoint,
    record: Callable[[Values], None],
) -> Progress:
    """Train to the best epoch on validation; without validation, train all `epochs`.

    The network ends up with the weights of the best epoch. `record` is called once per epoch,
    also for those that a killed training had done.
    """
    trainer = Trainer(net, schedule, mixed=next(net.parameters()).device.type == "cuda")
    progress = restore(trainer, checkpoint)
    for values in progress.history:
        record(values)
    tensors = rows.tensors(trainer.device)
    while not progress.finished(schedule, epochs):
        began, number = time.monotonic(), len(progress.history) + 1
        values = trainer.epoch(number, tensors) | validate(net, validation)
        progress.keep(values, score(values, schedule, number), net.state_dict())
        checkpoint.save({"trainer": trainer.state(), "progress": vars(progress)})
        record(values)
        print(line(number, epochs, values, time.monotonic() - began), flush=True)
    net.load_state_dict(progress.best_weights)
    return progress


def restore(trainer: Trainer, checkpoint: Checkpoint) -> Progress:
    """Where the training was left off, or a new beginning."""
    held = checkpoint.load()
    if held is None:
        return Progress()
    trainer.restore(held["trainer"])
    progress = Progress(**held["progress"])
    print(f"goes on after epoch {len(progress.history)}", flush=True)
    return progress


def validate(net: Network, validation: Rows | None) -> Values:
    """Log loss and AUC on the validation flights, if there are any."""
    if validation is None:
        return {}
    probability = network.score(net, validation.numbers, validation.codes)
    measured = scores(validation.late, probability)
    return {f"validation/{name}": measured[name] for name in ("log_loss", "auc")}


def score(values: Values, schedule: Schedule, number: int) -> float:
    """What makes an epoch better than another; without validation, later is better."""
    if "validation/auc" not in values:
        return float(number)
    if schedule.choose_by == "auc":
        return values["validation/auc"]
    return -values["validation/log_loss"]


def line(number: int, epochs: int, values: Values, seconds: float) -> str:
    """One epoch as shown while training."""
    text = f"epoch {number:>2} of {epochs}: train log loss {values['train/log_loss']:.4f}"
    if "validation/auc" in values:
        text += f", validation log loss {values['validation/log_loss']:.4f}"
        text += f", AUC {values['validation/auc']:.4f}"
    return f"{text}, {seconds:.1f} s"
