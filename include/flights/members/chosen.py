"""The chosen model: its members, their weights, and how they make one probability."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.errors import DataError, did_you_mean
from include.flights.members.records import MEMBERS

Floats = NDArray[np.float64]

# A probability of exactly 0 or 1 has no logit; a model never means more certainty than this.
MARGIN = 1e-7


class Chosen(BaseModel):
    """models/chosen.json: probability = sigmoid(intercept + sum of weight * logit(member))."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    members: dict[str, float] = Field(min_length=1, description="member to weight of its logit")
    intercept: float = Field(default=0.0, description="added to the weighted logits")
    reason: str = Field(default="", description="why this was chosen")

    @property
    def alone(self) -> bool:
        """Whether one member's probability is the answer as it is."""
        return list(self.members.values()) == [1.0] and self.intercept == 0.0

    def probability(self, members: Mapping[str, Floats]) -> Floats:
        """One probability per row, from the probabilities of the members.

        Raises:
            DataError: a member is missing.
        """
        missing = [name for name in self.members if name not in members]
        if missing:
            raise DataError(
                f"The chosen model needs {', '.join(missing)}; there is {', '.join(members)}.",
                "give the probabilities of every member that models/chosen.json names.",
            )
        if self.alone:
            return members[next(iter(self.members))]
        scores = [weight * logit(members[name]) for name, weight in self.members.items()]
        return sigmoid(np.sum(scores, axis=0) + self.intercept)


def logit(probability: Floats) -> Floats:
    """Log of the odds."""
    inside = np.clip(probability, MARGIN, 1 - MARGIN)
    return np.log(inside / (1 - inside))


def sigmoid(score: Floats) -> Floats:
    """The probability of a log of the odds."""
    return 1 / (1 + np.exp(-score))


def read_chosen(path: Path) -> Chosen:
    """Read which members make the chosen model."""
    try:
        chosen = Chosen.model_validate_json(read_text(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        what = f"{path} does not say which model was chosen: {where}: {first['msg']}."
        raise DataError(what, "run `dvc repro evaluate_models`, which writes it.") from None
    for name in chosen.members:
        if name not in MEMBERS:
            known = " and ".join(MEMBERS)
            what = f"{path} names the member {name!r}; known are {known}."
            raise DataError(what + did_you_mean(name, MEMBERS), f"correct the member in {path}.")
    return chosen


def read_text(path: Path) -> str:
    """Read a file of the model folder."""
    try:
        return path.read_text()
    except FileNotFoundError:
        what = f"{path} does not exist."
        raise DataError(what, "run `dvc repro`, which makes it, or `dvc pull` it.") from None
