"""Hold a table against the rules of its suite."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from include.validation.engine import ResultFormat, batch_of, validate
from include.validation.suites import Rule

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult

COUNTS: ResultFormat = {"result_format": "BASIC"}
ROWS: ResultFormat = {"result_format": "COMPLETE", "include_unexpected_rows": False}


@dataclass(frozen=True)
class Finding:
    """What one rule found in one table."""

    rule: Rule
    holds: bool
    checked: int  # rows that the rule looked at: not empty ones, where it skips these
    unexpected: int  # rows that break it, also where few enough do for it to hold
    observed: str  # the number that a rule about a whole column compares
    values: tuple[str, ...]  # first different values that break it
    rows: tuple[int, ...]  # all rows that break a critical rule that does not hold


def findings_of(table: pl.DataFrame, rules: Sequence[Rule], where: str) -> list[Finding]:
    """Check a table against its rules; the findings are in their order.

    Args:
        table: with the columns that the rules name.
        where: what the table is called in an error, such as `orders of 2013-02`.

    Raises:
        ParamsError: Great Expectations does not know an expectation or its arguments.
        PipelineError: an expectation could not be evaluated, which says nothing on the data.
    """
    batch = batch_of(table)
    results = validate(batch, rules, where, COUNTS)
    # All broken rows take long to list: only where they are asked for.
    failed = [number for number, result in enumerate(results) if not result.success]
    asked = [number for number in failed if rules[number].severity == "critical"]
    listed = validate(batch, [rules[number] for number in asked], where, ROWS) if asked else []
    rows = {number: row_numbers(result) for number, result in zip(asked, listed, strict=True)}
    return [
        finding(table, rule, result, rows.get(number, ()))
        for number, (rule, result) in enumerate(zip(rules, results, strict=True))
    ]


def finding(
    table: pl.DataFrame, rule: Rule, result: "ExpectationValidationResult", rows: tuple[int, ...]
) -> Finding:
    """Take from a result what is shown, without ids, times or machine."""
    found = result.result
    filled = table.select(rule.columns).drop_nulls().height if rule.columns else table.height
    observed = found.get("observed_value")
    if isinstance(observed, float):
        observed = round(observed, 6)
    values = dict.fromkeys(str(value) for value in found.get("partial_unexpected_list", []))
    return Finding(
        rule=rule,
        holds=bool(result.success),
        checked=int(found.get("element_count", filled)) - int(found.get("missing_count") or 0),
        unexpected=int(found.get("unexpected_count", 0)),
        observed="" if observed is None else str(observed),
        values=tuple(values)[:10],
        rows=rows,
    )


def row_numbers(result: "ExpectationValidationResult") -> tuple[int, ...]:
    """The numbers of the rows that break a rule, from 0; none for a rule about a column."""
    return tuple(sorted(int(row) for row in result.result.get("unexpected_index_list") or ()))
