"""Rows that a request brought and that were checked, as a model reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Batch:
    """Features by column: no table, which takes longer to make than a model to answer one row."""

    number_names: tuple[str, ...]
    numbers: NDArray[np.float32]  # (rows, numbers), in the order of their names; NaN: not known
    categories: Mapping[str, Sequence[str | None]]  # None: not known

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(self.numbers)
