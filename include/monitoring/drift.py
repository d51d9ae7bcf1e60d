"""Whether a month of flights still looks like those that the model was trained on.

Columns that drift are no reason alone to retrain: seasons move them every month. So the verdict
also asks how the model did on the flights whose outcome is known by now.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

from include.monitoring import comparison, performance
from include.monitoring.comparison import METHODS
from include.monitoring.drift_limits import Check, Column, Limits, check, rounded
from include.monitoring.plain_columns import Kind

PREDICTION, TARGET = "probability", "late"


@dataclass(frozen=True)
class Drift:
    """How far every column moved, how the model did, and what fails."""

    columns: dict[str, Column]
    measured: dict[str, float | None]
    checks: list[Check]

    @property
    def reasons(self) -> list[str]:
        """Why the month drifted, one sentence a failed check; none if it did not."""
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
    reference: pl.DataFrame, current: pl.DataFrame, kinds: Mapping[str, Kind], limits: Limits
) -> tuple[Drift, str]:
    """Compare two periods, and hold every number against its limit.

    Args:
        reference: one row per flight, with the columns of `kinds`, `probability` (0..1) and
            `late` (boolean).
        current: the same, of flights whose outcome is known.

    Returns:
        The numbers, and Evidently's page of charts.
    """
    thresholds = {name: threshold(kind, limits) for name, kind in kinds.items()}
    statistics, page = comparison.compare(
        reference,
        current,
        {PREDICTION: "number", **kinds},
        {PREDICTION: limits.prediction_psi_max, **thresholds},
        means=(TARGET,),
    )
    columns = {
        name: judge(kind, statistics.get(name), reference[name], current[name], limits)
        for name, kind in kinds.items()
    }
    measured = measure(reference, current) | {"prediction_psi": rounded(statistics[PREDICTION])}
    return Drift(columns, measured, check(columns, measured, limits)), page


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


def measure(reference: pl.DataFrame, current: pl.DataFrame) -> dict[str, float | None]:
    """How the predictions did in the current period; auc is None where all flights ended alike."""
    late = current[TARGET].to_numpy().astype(bool)
    probability = current[PREDICTION].to_numpy().astype(np.float64)
    # One draw of one day: the plain value of each metric.
    period = performance.Period(late, np.zeros(len(late), np.int64), np.ones((1, 1)))
    area = float(performance.auc(period, probability)[0])
    return {
        "rows": len(late),
        "late_share_reference": rounded(reference[TARGET].to_numpy().mean()),
        "late_share": rounded(late.mean()),
        "mean_probability": rounded(probability.mean()),
        "auc": None if np.isnan(area) else rounded(area),
        "log_loss": rounded(performance.log_loss(period, probability)[0]),
    }
