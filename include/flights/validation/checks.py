"""Hold a table against its rules, some of which allow thousands of values."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl
from pydantic import JsonValue

from include.validation import checking
from include.validation.suites import Rule

# Taken from here by quarantine.py, whose bytes are in the key of each validated month.
Finding = checking.Finding

IN_SET = "expect_column_values_to_be_in_set"
LONG_SET = 30  # values


def findings_of(table: pl.DataFrame, rules: Sequence[Rule], where: str) -> list[Finding]:
    """Check a table against its rules.

    Args:
        table: with the columns that the rules name.
        rules: without `$reference`.
        where: what the table is called in an error, such as `flights of 2013-02`.
    """
    light, needed = lightened(table, rules)
    return [
        found if rule is asked else replace(found, rule=rule, values=outsiders(table, rule))
        for found, rule, asked in zip(
            checking.findings_of(light, needed, where), rules, needed, strict=True
        )
    ]


def lightened(table: pl.DataFrame, rules: Sequence[Rule]) -> tuple[pl.DataFrame, list[Rule]]:
    """Ask for membership in a long list as a column of true and false.

    Great Expectations copies every value of a set some thousand times: 3,322 tail numbers take
    longer than all other rules together.
    """
    light = []
    for number, rule in enumerate(rules):
        if rule.type == IN_SET and len(value_set(rule)) > LONG_SET:
            column, member = rule.columns[0], f"{rule.columns[0]} is in set {number}"
            allowed = held_values(rule, table.schema[column])
            table = table.with_columns(pl.col(column).is_in(allowed.implode()).alias(member))
            asked = {**rule.kwargs, "column": member, "value_set": [True]}
            rule = rule.model_copy(update={"kwargs": asked})
        light.append(rule)
    return table, light


def value_set(rule: Rule) -> list[JsonValue]:
    """The values that a rule allows."""
    allowed = rule.kwargs.get("value_set")
    return allowed if isinstance(allowed, list) else []


def held_values(rule: Rule, kind: pl.DataType) -> pl.Series:
    """The values that a rule allows, as a column holds them: one of integers holds no 2.9."""
    meant = value_set(rule)
    held = pl.Series(meant, dtype=kind, strict=False)
    if kind.is_integer() or kind == pl.String:
        held = held.filter(
            pl.Series([one == other for one, other in zip(held, meant, strict=True)])
        )
    return held


def outsiders(table: pl.DataFrame, rule: Rule) -> tuple[str, ...]:
    """The first values of a column that are not in the set of its rule."""
    column = table[rule.columns[0]].drop_nulls()
    allowed = held_values(rule, column.dtype)
    found = column.filter(~column.is_in(allowed.implode())).unique(maintain_order=True)
    return tuple(str(value) for value in found.head(10))
