"""Whether columns that belong to one thing still agree: what a join by a wrong key breaks.

A join that takes the rows of others leaves each column as it was, and no test of single columns
sees it. What goes is what the columns know of each other: the price of a ware, the way to a
place. It is measured as the share of a number's variation (of its ranks)
that a category explains (eta squared; Fisher, Statistical Methods for Research Workers, 1925,
chapter 7).
"""

from collections.abc import Mapping

import polars as pl

from include.monitoring.drift_limits import rounded
from include.monitoring.plain_columns import Kind

Explained = dict[str, float]  # "NUMBER by CATEGORY" to the share that is explained


def explained(sample: pl.DataFrame, kinds: Mapping[str, Kind]) -> Explained:
    """How much of each number each category explains.

    Args:
        sample: some rows, held in memory.
        kinds: column to its kind.
    """
    numbers = [name for name, kind in kinds.items() if kind == "number"]
    ranks = sample.with_columns(ranked(name, sample.schema[name]) for name in numbers)
    found: Explained = {}
    for category in (name for name, kind in kinds.items() if kind == "category"):
        for number, share in shares(ranks, category, numbers).items():
            found[f"{number} by {category}"] = rounded(share)
    return found


def ranked(name: str, dtype: pl.DataType) -> pl.Expr:
    """The ranks of the values that are there."""
    column = pl.col(name)
    return (column.fill_nan(None) if dtype.is_float() else column).rank().alias(name)


def shares(ranks: pl.DataFrame, category: str, numbers: list[str]) -> dict[str, float]:
    """The share of each number's variation that a category explains; none for a constant."""
    aggregates = [
        aggregate(pl.col(name)).alias(f"{label} {name}")
        for name in numbers
        for label, aggregate in (("rows", pl.Expr.count), ("mean", pl.Expr.mean))
    ]
    by = ranks.group_by(category).agg(aggregates).sort(category)
    found = {}
    for name in numbers:
        held = ranks[name].drop_nulls().to_numpy()
        total = float(((held - held.mean()) ** 2).sum()) if len(held) else 0.0
        if total:
            between = by[f"rows {name}"] * (by[f"mean {name}"] - held.mean()) ** 2
            found[name] = float(between.sum()) / total
    return found
