"""How the model does for each group of rows, now and before."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from include.monitoring.drift_limits import Words
from include.monitoring.outcomes import Outcomes, measure


@dataclass(frozen=True)
class Group:
    """One group of the current period; before is None where it was too small or absent."""

    name: str
    now: Outcomes
    before: Outcomes | None


def groups_of(
    column: str, current: pl.DataFrame, before: pl.DataFrame | None, words: Words, least: int
) -> list[Group]:
    """Measure the groups with at least so many rows now, the largest first."""
    now = measured(column, current, words, least)
    old = {} if before is None else measured(column, before, words, least)
    found = [Group(name, numbers, old.get(name)) for name, numbers in now.items()]
    return sorted(found, key=lambda group: (-group.now.rows, group.name))


def measured(column: str, table: pl.DataFrame, words: Words, least: int) -> dict[str, Outcomes]:
    """The numbers of each group that is large enough to have any."""
    parts = table.partition_by(column, as_dict=True)
    return {
        str(name): measure(str(name), part, words)
        for (name,), part in parts.items()
        if len(part) >= least
    }


def gap(groups: list[Group]) -> tuple[float | None, float | None]:
    """How far the AUC of the best and the worst group are apart, now and before."""
    now = [group.now.auc for group in groups]
    before = [group.before.auc for group in groups if group.before]
    return spread(now), spread(before)


def spread(values: list[float | None]) -> float | None:
    """The largest less the smallest of the values that are there."""
    held = [value for value in values if value is not None]
    return max(held) - min(held) if len(held) > 1 else None


def as_json(groups: Mapping[str, list[Group]]) -> dict[str, object]:
    """The numbers of each group, by column."""
    return {
        column: {
            group.name: {
                "now": group.now.as_json(),
                "before": group.before.as_json() if group.before else None,
            }
            for group in held
        }
        for column, held in groups.items()
    }
