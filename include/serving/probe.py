"""Whether a model answers here as where it was packaged: on made-up rows, always the same."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from include.serving.batch import Batch

# Between two machines of one environment; the probe is rounded to six digits.
SMALL_DIFFERENCE = 1e-5


class Probed(Protocol):
    """What can be asked about made-up rows."""

    def answer(self, batch: Batch) -> NDArray[np.float64]:
        """The probability of the outcome, one per row."""

    def probe(self) -> Batch:
        """Made-up rows, always the same."""


def difference(manifest: Mapping[str, Any], model: Probed) -> float | None:
    """How far probabilities are from those of the manifest; None if it is no further than usual."""
    answers = model.answer(model.probe())
    found = float(np.abs(answers - np.array(manifest["probe"])).max())
    return None if found <= SMALL_DIFFERENCE else found  # NaN is further, too
