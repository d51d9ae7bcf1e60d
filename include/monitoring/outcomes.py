"""How well a model did on rows whose outcome is known: a few numbers of a period."""

from dataclasses import asdict, dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from include.errors import DataError
from include.monitoring.contents import check_columns
from include.monitoring.drift_limits import Words, rounded
from include.monitoring.performance import Floats


@dataclass(frozen=True)
class Outcomes:
    """The numbers of a period; none where all rows ended alike."""

    rows: int
    share: float  # of the rows that have the outcome
    mean_probability: float
    auc: float | None
    log_loss: float
    # The part of the log loss of someone who knows the share alone that the model saves (the
    # skill score of forecasters): unlike the log loss, it does not rise with the share.
    log_loss_saved: float | None

    @property
    def calibration_gap(self) -> float:
        """How much more of the outcome the model expected than there was."""
        return rounded(self.mean_probability - self.share)

    def as_json(self) -> dict[str, float | None]:
        """The numbers by name."""
        return {**asdict(self), "calibration_gap": self.calibration_gap}


def measure(name: str, table: pl.DataFrame, words: Words) -> Outcomes:
    """Measure the predictions of a period.

    Args:
        name: what the period is called.
        table: one row per prediction, with the score (0..1) and the outcome (boolean).

    Raises:
        DataError: there is no row, an outcome is missing, or a score is no probability,
            or one of the columns is not there or of another type.
    """
    outcome, probability = checked(name, table, words)
    share, given = float(outcome.mean()), np.where(outcome, probability, 1 - probability)
    loss = float(-np.log(np.maximum(given, 1e-15)).mean())
    area = None if share in (0.0, 1.0) else rounded(ranked(outcome, probability))
    return Outcomes(
        rows=len(outcome),
        share=rounded(share),
        mean_probability=rounded(probability.mean()),
        auc=area,
        log_loss=rounded(loss),
        log_loss_saved=None if area is None else rounded(1 - loss / entropy(share)),
    )


def ranked(outcome: NDArray[np.bool_], probability: Floats) -> float:
    """The area under the ROC curve: how often a row with the outcome is rated above one without.

    It is the plain value of performance.auc, which also draws days, in a tenth of the time.
    """
    having, lacking = np.sort(probability[outcome]), np.sort(probability[~outcome])
    won = np.searchsorted(lacking, having, "left").sum()
    not_lost = np.searchsorted(lacking, having, "right").sum()
    return float(won + not_lost) / 2 / (len(having) * len(lacking))


def checked(name: str, table: pl.DataFrame, words: Words) -> tuple[NDArray[np.bool_], Floats]:
    """Outcomes and probabilities, if each row has both."""
    check_columns(name, table.columns, [words.outcome, words.score])
    check_types(name, table, words)
    if table.is_empty():
        what = f"The {name} period has no row."
        raise DataError(what, "give it a longer period, or one whose rows are there.")
    outcome = table[words.outcome]
    score = table[words.score].cast(pl.Float64)
    lacking = outcome.null_count()
    if lacking:
        what = f"{lacking:,} of the {len(table):,} {words.rows} of the {name} period have no "
        raise DataError(f"{what}{words.outcome!r}.", "give rows whose outcome is known by now.")
    wrong = int((score.is_nan() | ~score.is_between(0, 1)).fill_null(True).sum())
    if wrong:
        what = f"{wrong:,} of the {len(table):,} values of {words.score!r} in the {name} period "
        raise DataError(f"{what}are no probability.", "score these rows again.")
    return outcome.to_numpy().astype(bool), score.to_numpy()


def check_types(name: str, table: pl.DataFrame, words: Words) -> None:
    """Raise DataError unless outcomes are yes or no, and scores numbers."""
    outcome, score = table[words.outcome].dtype, table[words.score].dtype
    fix = "change the type of the column."
    if outcome != pl.Boolean:
        what = f"The {name} period holds {outcome} in {words.outcome!r}, not booleans."
        raise DataError(what, fix)
    if not score.is_numeric():
        what = f"The {name} period holds {score} in {words.score!r}, not numbers."
        raise DataError(what, fix)


def entropy(share: float) -> float:
    """The log loss of always saying the share itself."""
    return float(-share * np.log(share) - (1 - share) * np.log1p(-share))
