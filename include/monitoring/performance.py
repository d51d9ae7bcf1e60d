"""How good probabilities of a yes-or-no outcome are, with intervals from whole days drawn anew.

Every metric takes a `Period` and one probability per row, and gives one value per draw of days.
Rows of one day share what befell that day, so days, not rows, are drawn
(block bootstrap; Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 8). The
first draw is the period as it was. Two models measured on the same draws are paired.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Above this many numbers at once, work goes in parts: 300,000 rows then need below 100 MB.
PART = 1_000_000


@dataclass(frozen=True)
class Period:
    """Outcomes of rows, and how often each draw takes each day.

    Args:
        outcome: one boolean per row.
        day: index of the row's day, 0 .. days - 1.
        draws: (draws, days), how often a draw holds a day; the first row is all ones.
    """

    outcome: NDArray[np.bool_]
    day: NDArray[np.int64]
    draws: Floats

    def where(self, rows: NDArray[np.bool_]) -> "Period":
        """The same draws of days, with some of the rows."""
        return Period(self.outcome[rows], self.day[rows], self.draws)

    def per_day(self, values: NDArray[np.generic]) -> Floats:
        """Sums of a column by day, one per day."""
        weights = values.astype(np.float64)
        sums = np.bincount(self.day, weights, minlength=self.draws.shape[1])
        return sums.astype(np.float64)

    def mean(self, values: NDArray[np.generic]) -> Floats:
        """Mean of a column, one per draw; NaN where a draw has no row."""
        return ratio(
            self.draws @ self.per_day(values), self.draws @ self.per_day(np.ones(len(values)))
        )


@dataclass(frozen=True)
class Interval:
    """A number, and the range in which it lies when days are drawn anew."""

    value: float
    low: float
    high: float


Metric = Callable[[Period, Floats], Floats]


def day_draws(days: int, resamples: int, seed: int) -> Floats:
    """The period as it was, then `resamples` draws of as many days with replacement."""
    random = np.random.default_rng(seed)
    drawn = random.multinomial(days, np.full(days, 1 / days), size=resamples)
    return np.vstack([np.ones(days), drawn]).astype(np.float64)


def interval(values: Floats, confidence: float) -> Interval:
    """The first value, and the range of the middle `confidence` of the others."""
    drawn = values[1:][~np.isnan(values[1:])]
    if not len(drawn):
        return Interval(float(values[0]), float("nan"), float("nan"))
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(float(values[0]), float(low), float(high))


def auc(period: Period, probability: Floats) -> Floats:
    """Area under the ROC curve: how often a row with the outcome is rated above one without.

    A pair of rows counts as often as a draw holds both their days, so the area is a quadratic
    form of the draw: one matrix of pairs by days gives every draw at once.
    """
    outcome = period.outcome
    pairs = np.zeros((period.draws.shape[1],) * 2)
    risks, days = probability[outcome], period.day[outcome]
    order = np.argsort(risks, kind="stable")
    risks, days = risks[order], days[order]
    for day, others in enumerate(by_day(period, probability, ~outcome)):
        lower = np.searchsorted(others, risks, "left")
        lower_or_equal = np.searchsorted(others, risks, "right")
        pairs[:, day] = np.bincount(days, (lower + lower_or_equal) / 2, minlength=len(pairs))
    won = ((period.draws @ pairs) * period.draws).sum(axis=1)
    both = (period.draws @ period.per_day(outcome)) * (period.draws @ period.per_day(~outcome))
    return ratio(won, both)


def average_precision(period: Period, probability: Floats) -> Floats:
    """Mean share with the outcome among rows rated at least as high, over rows with the outcome.

    It equals scikit-learn's average_precision_score with the draw as sample weights.
    """
    risks, days = probability[period.outcome], period.day[period.outcome]
    total = np.zeros(len(period.draws))
    having, every = by_day(period, probability, period.outcome), by_day(period, probability)
    size = max(1, PART // max(period.draws.shape))
    for start in range(0, len(risks), size):
        part = slice(start, start + size)
        found = at_least(having, risks[part]) @ period.draws.T
        flagged = at_least(every, risks[part]) @ period.draws.T
        # A draw that flags no row here does not hold this row's day either: 0 of 1.
        found /= np.maximum(flagged, 1)
        found *= period.draws.T[days[part]]
        total += found.sum(axis=0)
    return ratio(total, period.draws @ period.per_day(period.outcome))


def log_loss(period: Period, probability: Floats) -> Floats:
    """Mean negative log of the probability given to what happened."""
    given = np.where(period.outcome, probability, 1 - probability)
    return period.mean(-np.log(np.maximum(given, 1e-15)))


def brier(period: Period, probability: Floats) -> Floats:
    """Mean squared distance of the probability from 0 or 1 (Brier 1950)."""
    return period.mean((probability - period.outcome) ** 2)


def calibration_error(period: Period, probability: Floats, bins: int) -> Floats:
    """Mean distance of predicted from observed share over bins of equally many rows.

    Expected calibration error of Naeini, Cooper, Hauskrecht (AAAI 2015), with the bins of equal
    mass of Nixon et al. (CVPR workshops 2019): bins of equal width leave few rows at the top.
    Equal probabilities stay in one bin. Noise alone makes it positive: resamples lie above it.
    """
    excess, rows = probability - period.outcome, np.ones(len(probability))
    placed = bin_of(probability, bins)
    gaps = [np.abs(period.draws @ period.per_day(excess * (placed == bin))) for bin in range(bins)]
    return ratio(np.sum(gaps, axis=0), period.draws @ period.per_day(rows))


def calibration_gap(period: Period, probability: Floats) -> Floats:
    """Mean probability minus observed share: above 0, the outcome is overstated."""
    return period.mean(probability - period.outcome)


def at_threshold(period: Period, probability: Floats, threshold: float) -> dict[str, Floats]:
    """What happens if every row with at least this probability is flagged.

    Returns:
        precision (outcome among flagged), recall (flagged among outcome) and flagged_share.
    """
    flagged = probability >= threshold
    found = period.draws @ period.per_day(flagged & period.outcome)
    return {
        "precision": ratio(found, period.draws @ period.per_day(flagged)),
        "recall": ratio(found, period.draws @ period.per_day(period.outcome)),
        "flagged_share": period.mean(flagged),
    }


def calibration_curve(
    period: Period, probability: Floats, bins: int, confidence: float
) -> list[tuple[int, float, Interval]]:
    """Rows, mean probability and observed share of each bin of calibration_error."""
    placed = bin_of(probability, bins)
    curve = []
    for bin in np.unique(placed):
        rows = placed == bin
        part = period.where(rows)
        observed = interval(part.mean(part.outcome), confidence)
        curve.append((int(rows.sum()), float(probability[rows].mean()), observed))
    return curve


def roc_curve(
    outcome: NDArray[np.bool_], probability: Floats, points: int
) -> tuple[Floats, Floats]:
    """Share flagged of rows without the outcome (an even grid), and of those with it."""
    true, false = cumulated(outcome, probability)
    grid = np.linspace(0, 1, points)
    return grid, np.interp(grid, false / false[-1], true / true[-1])


def precision_recall_curve(
    outcome: NDArray[np.bool_], probability: Floats, points: int
) -> tuple[Floats, Floats]:
    """Share found of rows with the outcome (an even grid), and their share among the flagged."""
    true, false = cumulated(outcome, probability)
    recall, precision = true[1:] / true[-1], true[1:] / (true[1:] + false[1:])
    grid = np.linspace(0, 1, points + 1)[1:]
    return grid, precision[np.searchsorted(recall, grid - 1e-12)]


def cumulated(outcome: NDArray[np.bool_], probability: Floats) -> tuple[Floats, Floats]:
    """Rows with and without the outcome flagged as the threshold falls, from none to all."""
    order = np.argsort(-probability, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(probability[order])), len(order) - 1)
    true = np.cumsum(outcome[order])[ends]
    return np.insert(true, 0, 0).astype(float), np.insert(ends + 1 - true, 0, 0).astype(float)


def by_day(
    period: Period, probability: Floats, rows: NDArray[np.bool_] | None = None
) -> list[Floats]:
    """The sorted probabilities of some rows (or all), one array per day."""
    values, days = probability, period.day
    if rows is not None:
        values, days = values[rows], days[rows]
    order = np.lexsort((values, days))
    bounds = np.searchsorted(days[order], np.arange(1, period.draws.shape[1]))
    return np.split(values[order], bounds)


def at_least(sorted_by_day: list[Floats], limits: Floats) -> Floats:
    """How many rows reach each limit, as (limits, days)."""
    counts = [len(values) - np.searchsorted(values, limits, "left") for values in sorted_by_day]
    return np.array(counts, dtype=np.float64).T


def bin_of(probability: Floats, bins: int) -> NDArray[np.int64]:
    """The bin of each row, 0 .. bins - 1, cut at the quantiles of the probabilities."""
    edges = np.quantile(probability, np.arange(1, bins) / bins)
    return np.searchsorted(edges, probability, "left")


def ratio(above: Floats, below: Floats, otherwise: float = float("nan")) -> Floats:
    """Divide where there is something to divide by."""
    return np.divide(above, below, out=np.full_like(above, otherwise), where=below > 0)
