"""How good a model is where outcomes are known, and how good it should be where they are not.

The estimate is confidence-based (CBPE: NannyML; Bialek et al., Estimating Model Performance under
Covariate Shift without Labels, arXiv 2401.08348, 2024). If probabilities hold, of the rows scored
0.3 three in ten have the outcome, so the expected number of rows with and without it at each score
gives the expected ROC curve. It sees what moves the scores. It cannot see that the same rows now
end otherwise: the distance of the estimate from the truth, once outcomes have come, shows that.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from include.monitoring.drift_limits import rounded

# Scores are counted in so many steps: the area is exact but for rows of one step, which count as
# equal. On a million rows it differs by less than 1e-5 from that of single scores.
STEPS = 10_000
LEAST = 1e-15  # of a probability in a logarithm
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Performance:
    """The numbers of one window; None where no outcome, or only one kind of them, is known."""

    labelled: int
    auc: float | None
    auc_estimated: float | None
    log_loss: float | None
    log_loss_estimated: float
    mean_score: float
    mean_score_labelled: float | None
    outcome_share: float | None
    calibration_gap: float | None
    calibration_error: float | None


def performance(table: pl.LazyFrame, score: str, outcome: str, bins: int = 15) -> Performance:
    """Measure a window, on all of its rows.

    Args:
        table: one row per scored row, with a score (0..1) and an outcome, null if not known yet.
        bins: of about equally many labelled rows, for the calibration error.
    """
    p, happened = pl.col(score), pl.col(outcome)
    inside = p.clip(LEAST, 1 - LEAST)
    given = pl.when(happened).then(inside).otherwise(1 - inside)
    surprise = -(inside * inside.log() + (1 - inside) * (1 - inside).log())
    step = (p * STEPS).floor().clip(0, STEPS - 1).cast(pl.Int32).alias("step")
    known = happened.is_not_null()
    held = table.group_by(step).agg(
        rows=pl.len(),
        scores=p.sum(),
        surprise=surprise.sum(),
        labelled=known.sum(),
        scores_labelled=p.filter(known).sum(),
        happened=happened.sum(),
        loss=-given.log().filter(known).sum(),
    )
    counts = held.sort("step").collect(engine="streaming").cast(pl.Float64)
    return of_counts({name: counts[name].to_numpy() for name in counts.columns}, bins)


def of_counts(held: dict[str, Floats], bins: int) -> Performance:
    """The numbers, from counts and sums at each step of the score, from the lowest on."""
    total = {name: float(values.sum()) for name, values in held.items()}
    rows, labelled = total["rows"], total["labelled"]
    without = held["labelled"] - held["happened"]

    def share(above: str) -> float | None:
        return rounded(total[above] / labelled) if labelled else None

    mean, outcome = share("scores_labelled"), share("happened")
    gap = None if mean is None or outcome is None else rounded(mean - outcome)
    return Performance(
        labelled=int(labelled),
        auc=area(held["happened"], without),
        auc_estimated=area(held["scores"], held["rows"] - held["scores"]),
        log_loss=share("loss"),
        log_loss_estimated=rounded(total["surprise"] / rows),
        mean_score=rounded(total["scores"] / rows),
        mean_score_labelled=mean,
        outcome_share=outcome,
        calibration_gap=gap,
        calibration_error=calibration_error(held, bins) if labelled else None,
    )


def area(having: Floats, without: Floats) -> float | None:
    """Area under the ROC curve, from rows with and without the outcome at each step."""
    pairs = float(having.sum()) * float(without.sum())
    if pairs <= 0:
        return None
    below = np.cumsum(without) - without / 2
    return rounded(float((having * below).sum()) / pairs)


def calibration_error(held: dict[str, Floats], bins: int) -> float:
    """Mean distance of predicted from observed share, over bins of about equally many rows.

    That of monitoring/performance.py, with the bins cut between steps of the score.
    """
    before = np.cumsum(held["labelled"]) - held["labelled"] / 2
    rows = float(held["labelled"].sum())
    placed = np.minimum(before / rows * bins, bins - 1).astype(np.int64)
    excess = np.bincount(placed, held["scores_labelled"] - held["happened"], minlength=bins)
    return rounded(float(np.abs(excess).sum()) / rows)
