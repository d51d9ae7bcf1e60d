"""Where a model is wrong about some rows and not about others: groups, one column at a time."""

from dataclasses import dataclass

import polars as pl

from include.monitoring.drift_limits import rounded


@dataclass(frozen=True)
class Group:
    """The rows that have one value of a column, and whose outcome is known.

    Args:
        gap: mean score less the outcome's share, less that of all rows: above 0 the outcome is
            overstated here more than elsewhere.
    """

    column: str
    value: str
    rows: int
    mean_score: float
    outcome_share: float
    gap: float

    @property
    def name(self) -> str:
        """The group in words."""
        return f"{self.column} {self.value}"


def gaps(
    table: pl.LazyFrame, columns: tuple[str, ...], score: str, outcome: str, least: int
) -> list[Group]:
    """The groups of at least so many labelled rows, the largest gap first.

    Args:
        least: rows below which chance alone makes a gap.
    """
    known = table.filter(pl.col(outcome).is_not_null())
    means = {"mean_score": pl.col(score).mean(), "outcome_share": pl.col(outcome).mean()}
    over_all = known.select(**means).collect(engine="streaming").row(0, named=True)
    if over_all["mean_score"] is None:
        return []
    base, found = over_all["mean_score"] - over_all["outcome_share"], []
    for column in columns:
        held = known.group_by(pl.col(column).cast(pl.String)).agg(rows=pl.len(), **means)
        some = held.filter(pl.col("rows") >= least).collect(engine="streaming")
        for value, rows, mean, share in some.iter_rows():
            gap = rounded(mean - share - base)
            name = "(none)" if value is None else value
            found.append(Group(column, name, rows, rounded(mean), rounded(share), gap))
    return sorted(found, key=lambda group: (-abs(group.gap), group.column, group.value))
