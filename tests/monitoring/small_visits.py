"""Two months of visits to two shops, small enough to work out by hand."""

import polars as pl

from include.monitoring import drift
from include.monitoring.drift_limits import Limits, Words
from include.monitoring.periods import Part, Periods, Terms
from include.monitoring.plain_columns import Kind

LIMITS = Limits(
    number_psi=0.2,
    category_distance=0.1,
    empty_share_change=0.2,
    drift_weighted_max=0.5,
    unknown_share_max=0.05,
    prediction_psi_max=0.25,
    outcome_share_change_max=0.1,
    auc_min=0.68,
    auc_drop_max=0.05,
    log_loss_saved_drop_max=0.1,
    calibration_gap_max=0.05,
)
KINDS: dict[str, Kind] = {"age_d": "number", "shop": "category"}
WORDS = Words(rows="visits", outcome="sold", otherwise="unsold", score="chance")
TERMS = Terms(KINDS, LIMITS, WORDS)


def month(zeros: int = 50, sold: int = 25, sold_risk: float = 0.5) -> pl.DataFrame:
    """100 visits: age 0 or 1, shop A1 or U1, the same number of each; the last ones are sold.

    Those have the probability `sold_risk`, the others one that makes 25 % in the mean.
    """
    risk = (25 - sold * sold_risk) / (100 - sold) if sold < 100 else 0.0
    return pl.DataFrame(
        {
            "age_d": [0.0] * zeros + [1.0] * (100 - zeros),
            "shop": ["A1"] * zeros + ["U1"] * (100 - zeros),
            "chance": [risk] * (100 - sold) + [sold_risk] * sold,
            "sold": [False] * (100 - sold) + [True] * sold,
        },
        schema_overrides={"age_d": pl.Float32},
    )


def part(table: pl.DataFrame, name: str = "current") -> Part:
    return Part(name, table, table)


def score(
    reference: pl.DataFrame, current: pl.DataFrame, terms: Terms = TERMS, **more: object
) -> drift.Drift:
    periods = Periods(part(current), part(reference, "reference"), **more)  # type: ignore[arg-type]
    return drift.score(periods, terms)[0]
