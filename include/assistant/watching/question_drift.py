"""Whether people ask other things than before: how well a classifier tells their questions apart.

Of two sets of vectors that are alike, a classifier that never saw a question ranks it no better
than by chance, and the area under its ROC curve is 0.5. Questions that are asked again count once:
the same words would be taught in one part and asked for in another.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
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


def apart(
    now: Sequence[bytes], before: Sequence[bytes], settings: Drift, confidence: float
) -> Apart | None:
    """Tell two sets of questions apart; None if one has too few different ones.

    Args:
        now, before: vectors, a signed byte a dimension, of any length.
    """
    # Another encoder may have vectors of another size, which cannot be compared.
    [(size, _)] = Counter(map(len, now)).most_common(1) or [(0, 0)]
    sides = [different(side, size) for side in (now, before)]
    if min(map(len, sides)) < settings.least:
        return None
    sides = [drawn(side, settings) for side in sides]
    vectors = np.vstack(sides)
    recent = np.repeat([True, False], [len(side) for side in sides])
    scores = judged(unit(vectors), recent, parts(vectors, settings), settings.folds)
    # Each question is a block of its own, as a day is where the rows of one are alike.
    draws = performance.day_draws(len(scores), settings.resamples, settings.seed)
    period = Period(recent, np.arange(len(scores)), draws)
    area = performance.interval(performance.auc(period, scores), confidence)
    return Apart(
        Interval(*(round(n, DIGITS) for n in (area.value, area.low, area.high))), *map(len, sides)
    )


def different(vectors: Iterable[bytes], size: int) -> Vectors:
    """The different vectors of a size, in an order of their own."""
    held = sorted({vector for vector in vectors if len(vector) == size})
    return np.frombuffer(b"".join(held), np.int8).reshape(len(held), size)


def unit(vectors: Vectors) -> Floats:
    """The vectors with the length 1."""
    plain = vectors.astype(np.float64)
    lengths: Floats = np.linalg.norm(plain, axis=1, keepdims=True)
    return plain / lengths


def drawn(vectors: Vectors, settings: Drift) -> Vectors:
    """At most so many questions, at random but always the same."""
    if len(vectors) <= settings.most:
        return vectors
    chosen = np.random.default_rng(settings.seed).choice(len(vectors), settings.most, replace=False)
    return vectors[np.sort(chosen)]


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
