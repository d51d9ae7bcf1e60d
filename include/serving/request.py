"""One request: as it was read, and as a model answered it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from include.errors import PlatformError
from include.serving.batch import Batch
from include.serving.served import Served


class Unavailable(PlatformError):
    """What a request needs cannot be had now, through no fault of the request."""


@dataclass(frozen=True)
class Asked:
    """A request that was read and checked."""

    request_id: str
    kind: Literal["entities", "features"]
    body: bytes
    batch: Batch  # as the champion reads it
    at: datetime  # by the clock of the service
    # What the reply says of each row beside the probability.
    notes: Sequence[Mapping[str, object]] | None = None
    # View to the age of its row, in seconds, for each row of the request; None: it has none.
    ages: Mapping[str, Sequence[int | None]] | None = None
    unknown: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # beside the categories


@dataclass(frozen=True)
class Answered:
    """What one model answered to it."""

    asked: Asked
    role: Literal["champion", "challenger"]
    served: Served
    probabilities: NDArray[np.float64]
