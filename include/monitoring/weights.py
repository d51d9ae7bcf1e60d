"""How much of what a model uses is in each column: drift of what it does not use is no harm."""

import math
from collections.abc import Iterable, Mapping

from include.errors import DataError, at_most_ten

FIX = "give each column that the model uses a weight above 0."


def shares(weights: Mapping[str, float] | None, columns: Iterable[str]) -> dict[str, float]:
    """The share of each column in what the model uses; they sum to 1.

    Args:
        weights: column to any measure of its use, such as the total gain of its splits. A column
            without one weighs nothing, and those that are not compared do not count. None: nobody
            knows, and all columns weigh the same.

    Raises:
        DataError: a weight is negative or no number, or no column has any.
    """
    names = list(columns)
    if weights is None:
        return dict.fromkeys(names, 1 / len(names))
    wrong = [
        name for name, weight in weights.items() if not (math.isfinite(weight) and weight >= 0)
    ]
    if wrong:
        raise DataError(f"Weights that are negative or no number: {at_most_ten(wrong)}.", FIX)
    total = math.fsum(weights.get(name, 0.0) for name in names)
    if not total > 0:
        held = at_most_ten(weights) if weights else "nothing"
        what = f"None of the {len(names)} compared columns has a weight; weighed are {held}."
        raise DataError(what, FIX)
    return {name: weights.get(name, 0.0) / total for name in names}
