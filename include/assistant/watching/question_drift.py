"""Whether people ask other things than before: how well a classifier tells their questions apart.

Of two sets of vectors that are alike, a classifier that never saw a question ranks it no better
than by chance, and the area under its ROC curve is 0.5. Questions that are asked again count once:
the same words would be taught in one part and asked for in another. Two encoders give one question
two vectors, and are told apart whatever is asked: what is compared was read by one.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from include.assistant.watching.settings import Drift
from include.monitoring import performance
from include.monitoring.performance import Floats, Interval, Period

Vectors = NDArray[np.int8]
VECTORS = {"encoder": pl.String(), "vector": pl.Binary()}  # a signed byte a dimension
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


FEW = "fewer than {least} different questions were asked in it, or before"
OTHERS = "another encoder read the questions before, so that their vectors say nothing here"


def apart(
    now: pl.DataFrame, before: pl.DataFrame, settings: Drift, confidence: float
) -> Apart | str:
    """Tell two sets of questions apart, or say why this cannot be.

    Args:
        now, before: as VECTORS has it; vectors are of any length.
    """
    sides = of_one_encoder(now, before)
    if min(map(len, sides)) < settings.least:
        asked = min(side["vector"].n_unique() for side in (now, before))
        return FEW.format(least=settings.least) if asked < settings.least else OTHERS
    drawn = [arrays(side, settings) for side in sides]
    vectors = np.vstack(drawn)
    recent = np.repeat([True, False], [len(side) for side in drawn])
    scores = judged(unit(vectors), recent, parts(vectors, settings), settings.folds)
    # Each question is a block of its own, as a day is where the rows of one are alike.
    draws = performance.day_draws(len(scores), settings.resamples, settings.seed)
    period = Period(recent, np.arange(len(scores)), draws)
    found = performance.interval(performance.auc(period, scores), confidence)
    area = Interval(*(round(value, DIGITS) for value in (found.value, found.low, found.high)))
    return Apart(area, *map(len, drawn))


def of_one_encoder(now: pl.DataFrame, before: pl.DataFrame) -> list[pl.Series]:
    """The different vectors of both sides by the encoder that read most of the smaller one.

    Lines of before encoders were told are of one, as far as their vectors have one size.
    """
    reader = ["encoder", "size"]
    sides = [side.unique().with_columns(size=pl.col("vector").bin.size()) for side in (now, before)]
    recent, old = (side.group_by(reader).len() for side in sides)
    shared = recent.join(old, on=reader, nulls_equal=True)
    least = pl.min_horizontal("len", "len_right").alias("least")
    most = shared.with_columns(least).sort("least", "len", *reader, descending=True).head(1)
    found = [side.join(most, on=reader, how="semi", nulls_equal=True) for side in sides]
    return [side["vector"].sort() for side in found]


def arrays(vectors: pl.Series, settings: Drift) -> Vectors:
    """At most so many vectors, at random but always the same."""
    if len(vectors) > settings.most:
        random = np.random.default_rng(settings.seed)
        chosen = np.sort(random.choice(len(vectors), settings.most, replace=False))
        vectors = vectors.gather(chosen)
    return np.frombuffer(b"".join(vectors), np.int8).reshape(len(vectors), -1)


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
