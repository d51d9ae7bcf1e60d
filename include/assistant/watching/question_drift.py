"""Whether people ask other things than before: how well a classifier tells their questions apart.

Of two sets of vectors that are alike, a classifier that never saw a question ranks it no better
than by chance, and the area under its ROC curve is 0.5. A question that is asked again, in the same
words or in others, counts as one: else it would be taught in one part and asked for in another,
and few questions in many spellings would look like many. Two encoders give one question two
vectors, and are told apart whatever is asked: what is compared was read by one.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from include.assistant.watching.settings import Drift
from include.monitoring import performance
from include.monitoring.performance import Floats, Interval, Period

Vectors = NDArray[np.int8]
Whole = NDArray[np.int64]
VECTORS = {"encoder": pl.String(), "vector": pl.Binary()}  # a signed byte a dimension
DIGITS = 4  # further ones differ between processors
ROWS = 1000  # of vectors that are held against all others at once


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
    vectors = unit(np.vstack(drawn))
    recent = np.repeat([True, False], [len(side) for side in drawn])
    one = questions(vectors, settings.alike)
    different = [len(np.unique(one[recent == side])) for side in (True, False)]
    if min(different) < settings.least:
        return FEW.format(least=settings.least)
    scores = judged(vectors, recent, parts(one, settings), settings.folds)
    # Each question is a block, as a day is where the rows of one are alike.
    draws = performance.day_draws(int(one.max()) + 1, settings.resamples, settings.seed)
    period = Period(recent, one, draws)
    found = performance.interval(performance.auc(period, scores), confidence)
    area = Interval(*(round(value, DIGITS) for value in (found.value, found.low, found.high)))
    return Apart(area, *different)


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


def questions(vectors: Floats, alike: float) -> Whole:
    """The question that each vector asks, 0 .. questions - 1: those that are near enough are one.

    Args:
        vectors: of the length 1.
        alike: cosine from which two are near enough; a third one may lie between two.
    """
    from scipy.sparse import csr_array, vstack
    from scipy.sparse.csgraph import connected_components

    rows = [vectors[start : start + ROWS] for start in range(0, len(vectors), ROWS)]
    near = vstack([csr_array(some @ vectors.T >= alike) for some in rows])
    return np.asarray(connected_components(near, directed=False)[1], np.int64)


def parts(one: Whole, settings: Drift) -> Whole:
    """The part of each vector; all that ask one question, also of both sides, are in one part."""
    shuffled = np.random.default_rng(settings.seed).permutation(int(one.max()) + 1)
    return np.asarray(shuffled % settings.folds)[one]


def judged(vectors: Floats, recent: NDArray[np.bool_], part: Whole, folds: int) -> Floats:
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
