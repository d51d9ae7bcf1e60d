"""Whether a period still looks like the one that the model was trained on.

Columns that drift are no reason alone to retrain: seasons move them every month. So the verdict
also asks how the model did on the rows whose outcome is known by now.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

from include.monitoring import comparison, performance
from include.monitoring.comparison import METHODS
from include.monitoring.drift_limits import Check, Column, Limits, Words, checks_of, rounded
from include.monitoring.plain_columns import Kind


@dataclass(frozen=True)
class Drift:
    """How far every column moved, how the model did, and what fails."""

    columns: dict[str, Column]
    measured: dict[str, float | None]
    checks: list[Check]

    @property
    def reasons(self) -> list[str]:
        """Why the period drifted, one sentence a failed check; none if it did not."""
        return [check.reason for check in self.checks if not check.passed]

    @property
    def answer(self) -> str:
        """The verdict in a few words."""
        failed = f"Drifted: {len(self.reasons)} of {len(self.checks)} checks failed"
        return failed if self.reasons else f"No drift: all {len(self.checks)} checks passed"

    def as_json(self) -> dict[str, object]:
        """The verdict, each check and each column."""
        return {
            "verdict": {"drifted": bool(self.reasons), "reasons": self.reasons},
            "checks": [asdict(check) for check in self.checks],
            "measured": self.measured,
            "summary": {
                "columns": len(self.columns),
                "drifted_columns": sum(column.drifted for column in self.columns.values()),
            },
            "columns": {
                name: {**asdict(column), "drifted": column.drifted}
                for name, column in self.columns.items()
            },
        }

    def as_metrics(self) -> dict[str, float | None]:
        """A few flat numbers: drifted is 1 or 0."""
        checked = {check.name: check.value for check in self.checks}
        return {
            "drifted": int(bool(self.reasons)),
            **checked,
            "log_loss": self.measured["log_loss"],
        }


def score(
    reference: pl.DataFrame,
    current: pl.DataFrame,
    kinds: Mapping[str, Kind],
    limits: Limits,
    words: Words,
) -> tuple[Drift, str]:
    """Compare two periods, and hold every number against its limit.

    Args:
        reference: the columns of `kinds`, and of `words` the score (0..1) and the outcome
            (boolean).
        current: the same, of rows whose outcome is known.

    Returns:
        The numbers, and Evidently's page of charts.
    """
    thresholds = {name: threshold(kind, limits) for name, kind in kinds.items()}
    statistics, page = comparison.compare(
        reference,
        current,
        {words.score: "number", **kinds},
        {words.score: limits.prediction_psi_max, **thresholds},
        means=(words.outcome,),
    )
    columns = {
        name: judge(kind, statistics.get(name), reference[name], current[name], limits)
        for name, kind in kinds.items()
    }
    measured = measure(reference, current, words)
    measured["prediction_psi"] = rounded(statistics[words.score])
    return Drift(columns, measured, checks_of(columns, measured, limits, words)), page


def threshold(kind: Kind, limits: Limits) -> float:
    """The statistic at which a column of this kind has drifted."""
    return limits.number_psi if kind == "number" else limits.category_distance


def judge(
    kind: Kind, statistic: float | None, reference: pl.Series, current: pl.Series, limits: Limits
) -> Column:
    """Hold one column's statistic, and its shares of empty values, against their limits."""
    return Column(
        kind=kind,
        method=METHODS[kind],
        statistic=None if statistic is None else rounded(statistic),
        threshold=threshold(kind, limits),
        empty_share_reference=empty_share(reference),
        empty_share_current=empty_share(current),
        empty_share_threshold=limits.empty_share_change,
    )


def empty_share(values: pl.Series) -> float:
    """The share of values that are null or not a finite number."""
    held = values.is_finite() if values.dtype.is_float() else values.is_not_null()
    return rounded(1 - int(held.fill_null(False).sum()) / len(values))


def measure(
    reference: pl.DataFrame, current: pl.DataFrame, words: Words
) -> dict[str, float | None]:
    """How the predictions did in the current period; auc is None where all rows ended alike."""
    outcome = current[words.outcome].to_numpy().astype(bool)
    probability = current[words.score].to_numpy().astype(np.float64)
    # One draw of one day: the plain value of each metric.
    period = performance.Period(outcome, np.zeros(len(outcome), np.int64), np.ones((1, 1)))
    area = float(performance.auc(period, probability)[0])
    share = f"{words.outcome}_share"
    return {
        "rows": len(outcome),
        f"{share}_reference": rounded(reference[words.outcome].to_numpy().mean()),
        share: rounded(outcome.mean()),
        "mean_probability": rounded(probability.mean()),
        "auc": None if np.isnan(area) else rounded(area),
        "log_loss": rounded(performance.log_loss(period, probability)[0]),
    }
