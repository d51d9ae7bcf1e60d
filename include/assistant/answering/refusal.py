"""When to refuse: a logistic model of how well the hits answer a question, and its threshold."""

import json
import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.assistant.answering.words import stems
from include.assistant.passages import Hit
from include.errors import DataError

FILE = "refusal.json"
# Hits; so many must be found, or as many as there are, for a confidence to mean the same.
LOOKED_AT = 5


@dataclass(frozen=True)
class Features:
    """What is known of a question and its hits before anything is answered.

    None grows with the length of the question. BM25 does: who said a question on another subject
    five times over would have been answered.
    """

    cosine: float  # of the nearest passage
    cosine_mean: float  # of all that are looked at
    unknown: float  # share of the words of the question that none of them has


NAMES = tuple(Features.__annotations__)


def features(question: str, hits: Sequence[Hit]) -> Features:
    """The features of a question; hits are there, the best first."""
    hits = hits[:LOOKED_AT]
    asked = set(stems(question))
    said = {stem for hit in hits for stem in stems(" ".join([*hit.titles, hit.text]))}
    return Features(
        cosine=max(hit.cosine for hit in hits),
        cosine_mean=math.fsum(hit.cosine for hit in hits) / len(hits),
        unknown=len(asked - said) / (len(asked) or 1),
    )


class Weight(BaseModel):
    """What one feature says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mean: float = Field(description="of the questions it was fitted on")
    scale: float = Field(gt=0, description="their standard deviation")
    weight: float = Field(description="log odds by standard deviation")


class Refusal(BaseModel):
    """The fitted model: a file of numbers, no code."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: float = Field(ge=0, le=1, description="confidence below which is refused")
    intercept: float = Field(description="log odds of a question whose features are the means")
    weights: dict[str, Weight] = Field(description="of each feature")

    @staticmethod
    def load(folder: Path) -> "Refusal":
        """Read what calibrate_refusal wrote.

        Raises:
            DataError: it is not there, or of other features.
        """
        path, fix = folder / FILE, "run `dvc repro`, which calibrates it, or `dvc pull` it."
        try:
            held = Refusal.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise DataError(f"{path} does not exist.", fix) from None
        except ValidationError as error:
            raise DataError(
                f"{path} holds no threshold of refusal: {error.errors()[0]['msg']}.", fix
            ) from None
        if set(held.weights) != set(NAMES):
            raise DataError(f"{path} weighs other features than {', '.join(NAMES)}.", fix)
        return held

    def save(self, folder: Path) -> None:
        """Write it, the same bytes each time."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(json.dumps(self.model_dump(), indent=2, sort_keys=True) + "\n")

    def confidence(self, question: str, hits: Sequence[Hit]) -> float:
        """How likely it is, 0..1, that the hits answer the question; 0 without a hit."""
        return self.of(features(question, hits)) if hits and stems(question) else 0.0

    def of_nothing(self) -> "Refusal":
        """One of the same confidences that refuses nothing for them."""
        return self.model_copy(update={"threshold": 0.0})

    def of(self, seen: Features) -> float:
        """The confidence of a question with these features."""
        odds = self.intercept + math.fsum(
            held.weight * (value - held.mean) / held.scale
            for value, held in zip(astuple(seen), map(self.weights.get, NAMES), strict=True)
            if held is not None
        )
        return 1 / (1 + math.exp(-min(max(odds, -50.0), 50.0)))
