"""Shares of few questions, and how sure they are."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from include.monitoring.drift_limits import rounded


@dataclass(frozen=True)
class Share:
    """Some of many, with the interval of the share behind them; none without any."""

    some: int
    of: int
    value: float | None
    low: float | None
    high: float | None


def share(some: int, of: int, confidence: float) -> Share:
    """A share with its interval, by Wilson's score (1927): it holds for few, and near 0 and 1."""
    if not of:
        return Share(some, of, None, None, None)
    p, z = some / of, NormalDist().inv_cdf((1 + confidence) / 2)
    middle = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Share(some, of, rounded(p), rounded(low), rounded(high))
