"""Whether people ask other things than before: how well a classifier tells their questions apart.

Of two sets of vectors that are alike, a classifier that never saw a question ranks it no better
than by chance, and the area under its ROC curve is 0.5. Questions that are asked again count once:
the same words would be taught in one part and asked for in another.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from include.assistant.watching.settings import Drift
from include.monitoring import performance
from include.monitoring.performance import Floats, Interval, Period

Vectors = NDArray[np.int8]
DIGITS = 4  # further ones differ between processors


@dataclass(frozen=True)
class Apart:
    """How well the questions of a window are told from those before.

    Args:
        area: under the ROC curve, with its interval.
        now, before: different questions of each side that were looked at.
    """

    area: Interval
    now: int
    before: int


def apart(now: pl.Series, before: pl.Series, settings: Drift, confidence: float) -> Apart | None:
    """Tell two sets of questions apart; None if one has too few different ones.

    Args:
        now, before: vectors, a signed byte a dimension, of any length.
    """
    # Another encoder may have vectors of another size, which cannot be compared.
    sizes = now.bin.size().value_counts(sort=True, name="rows")
    if not len(sizes):
        return None
    size = int(sizes.sort("rows", now.name, descending=True)[now.name][0])
    sides = [side.filter(side.bin.size() == size).unique().sort() for side in (now, before)]
    if min(map(len, sides)) < settings.least:
        return None
    drawn = [arrays(side, size, settings) for side in sides]
    vectors = np.vstack(drawn)
    recent = np.repeat([True, False], [len(side) for side in drawn])
    scores = judged(unit(vectors), recent, parts(vectors, settings), settings.folds)
    # Each question is a block of its own, as a day is where the rows of one are alike.
    draws = performance.day_draws(len(scores), settings.resamples, settings.seed)
    period = Period(recent, np.arange(len(scores)), draws)
    found = performance.interval(performance.auc(period, scores), confidence)
    area = Interval(*(round(value, DIGITS) for value in (found.value, found.low, found.high)))
    return Apart(area, *map(len, drawn))


def arrays(vectors: pl.Series, size: int, settings: Drift) -> Vectors:
    """At most so many vectors, at random but always the same."""
    if len(vectors) > settings.most:
        random = np.random.default_rng(settings.seed)
        chosen = np.sort(random.choice(len(vectors), settings.most, replace=False))
        vectors = vectors.gather(chosen)
    return np.frombuffer(b"".join(vectors), np.int8).reshape(len(vectors), size)


def unit(vectors: Vectors) -> Floats:
    """The vectors with the length 1."""
    plain = vectors.astype(np.float64)
    lengths: Floats = np.linalg.norm(plain, axis=1, keepdims=True)
    return plain / lengths


def parts(vectors: Vectors, settings: Drift) -> NDArray[np.int64]:
    """The part of each question; one that was asked on both sides is in one part."""
    each, which = np.unique(vectors, axis=0, return_inverse=True)
    shuffled = np.random.default_rng(settings.seed).permutation(len(each))
    return np.asarray(shuffled % settings.folds)[which.reshape(-1)]


def judged(
    vectors: Floats, recent: NDArray[np.bool_], part: NDArray[np.int64], folds: int
) -> Floats:
    """How recent each question looks to who has learned from the other parts."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    scores = np.zeros(len(vectors))
    with threadpool_limits(1):  # sums of several threads have other last digits
        for held_out in (part == fold for fold in range(folds)):
            if held_out.any():
                learner = LogisticRegression(class_weight="balanced", max_iter=300)
                learner.fit(vectors[~held_out], recent[~held_out])
                scores[held_out] = learner.decision_function(vectors[held_out])
    return scores
