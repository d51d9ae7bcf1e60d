"""Run the rules of a suite on one table with Great Expectations."""

import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl
from pydantic import JsonValue

from include.errors import ParamsError, PipelineError, did_you_mean
from include.flights.validation.suites import Rule

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.expectations.expectation import Expectation

IN_SET = "expect_column_values_to_be_in_set"
LONG_SET = 30  # values
Rows = tuple[int, ...]
ResultFormat = dict[str, str | bool]


@dataclass(frozen=True)
class Finding:
    """What one rule found in one table."""

    rule: Rule
    holds: bool
    checked: int  # rows that the rule looked at: not empty ones, where it skips these
    unexpected: int  # rows that break it, also where few enough do for it to hold
    observed: str  # the number that a rule about a whole column compares
    values: tuple[str, ...]  # first different values that break it
    rows: Rows  # all rows that break a critical rule that does not hold


def findings_of(table: pl.DataFrame, rules: Sequence[Rule], where: str) -> list[Finding]:
    """Check a table against its rules.

    Args:
        table: with the columns that the rules name.
        rules: without `$reference`.
        where: what the table is called in an error, such as `flights of 2013-02`.

    Raises:
        ParamsError: Great Expectations does not know an expectation or its arguments.
        PipelineError: an expectation could not be evaluated, which says nothing on the data.
    """
    light, needed = lightened(table, rules)
    batch = asset().get_batch({"dataframe": light.to_pandas()})
    first = validate(batch, needed, where, {"result_format": "BASIC"})
    # All broken rows take long to list: only where they are asked for.
    failed = [i for i, result in enumerate(first) if not result.success]
    asked = [i for i in failed if rules[i].severity == "critical"]
    full: ResultFormat = {"result_format": "COMPLETE", "include_unexpected_rows": False}
    second = validate(batch, [needed[i] for i in asked], where, full) if asked else []
    rows = {i: row_numbers(result) for i, result in zip(asked, second, strict=True)}
    findings = []
    for i, (rule, result) in enumerate(zip(rules, first, strict=True)):
        values = outsiders(table, rule) if rule != needed[i] else None
        filled = table.select(rule.columns).drop_nulls().height if rule.columns else table.height
        findings.append(finding(rule, result, rows.get(i), values, filled))
    return findings


@cache
def asset() -> "BatchDefinition[Any]":
    """Where Great Expectations, which takes seconds to import, is handed its tables."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read at import; it would call home
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    tables = context.data_sources.add_pandas("tables").add_dataframe_asset(name="table")
    return tables.add_batch_definition_whole_dataframe("whole")


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


def validate(
    batch: "Batch", rules: Sequence[Rule], where: str, result_format: ResultFormat
) -> list["ExpectationValidationResult"]:
    """The results of the rules, in their order.

    Raises:
        PipelineError: an expectation could not be evaluated.
    """
    import great_expectations as gx

    suite = gx.ExpectationSuite(
        name="suite",
        expectations=[expectation_of(rule, number) for number, rule in enumerate(rules)],
    )
    results = batch.validate(suite, result_format=dict(result_format)).results
    # They come back in an order of their own.
    ordered = sorted(results, key=rule_number)
    for rule, result in zip(rules, ordered, strict=True):
        message = raised(result.exception_info)
        if message:
            what = f"Great Expectations could not check {rule.description!r} "
            what += f"({rule.type}, {', '.join(rule.columns)}) on {where}: {message}"
            fix = "correct the arguments of this rule in its suite; the data is not to blame."
            raise PipelineError(what, fix)
    return ordered


def rule_number(result: "ExpectationValidationResult") -> int:
    """The number that `build` marked the expectation with."""
    config = result.expectation_config
    return -1 if config is None else int((config.meta or {})["rule"])


def expectation_of(rule: Rule, number: int) -> "Expectation":
    """The expectation of a rule, marked with its number.

    Raises:
        ParamsError: there is no such expectation, or it does not take these arguments.
    """
    from great_expectations.expectations import registry

    known = registry.list_registered_expectation_implementations()
    if rule.type not in known:
        what = f"The rule {rule.description!r} is of the type {rule.type!r}, "
        what += f"which Great Expectations does not know.{did_you_mean(rule.type, known)}"
        raise ParamsError(what, "correct its type in the suite.")
    try:
        kind = registry.get_expectation_impl(rule.type)
        arguments: dict[str, Any] = {**rule.kwargs, "meta": {"rule": number}}
        return kind(**arguments)
    except ValueError as error:  # of the pydantic 1 that Great Expectations carries
        problem = "; ".join(line.strip() for line in str(error).splitlines()[1:])
        what = f"The rule {rule.description!r} does not fit {rule.type}: {problem or error}."
        raise ParamsError(what, "correct its kwargs in the suite.") from None


def raised(info: Mapping[str, object]) -> str:
    """The message of the exception that an evaluation ended in; empty if it did not."""
    nested = [part for part in info.values() if isinstance(part, Mapping)]
    for part in [info, *nested]:
        if part.get("raised_exception"):
            return str(part.get("exception_message") or "unknown error").splitlines()[0]
    return ""


def finding(
    rule: Rule,
    result: "ExpectationValidationResult",
    rows: Rows | None,
    values: tuple[str, ...] | None,
    filled: int,
) -> Finding:
    """Take from a result what is shown, without ids, times or machine."""
    found = result.result
    if values is None:
        seen = dict.fromkeys(str(value) for value in found.get("partial_unexpected_list", []))
        values = tuple(seen)[:10]
    observed = found.get("observed_value")
    if isinstance(observed, float):
        observed = round(observed, 6)
    return Finding(
        rule=rule,
        holds=bool(result.success),
        checked=int(found.get("element_count", filled)) - int(found.get("missing_count") or 0),
        unexpected=int(found.get("unexpected_count", 0)),
        observed="" if observed is None else str(observed),
        values=values,
        rows=rows or (),
    )


def row_numbers(result: "ExpectationValidationResult") -> Rows:
    """The numbers of the rows that break a rule, from 0; none for a rule about a column."""
    return tuple(int(row) for row in result.result.get("unexpected_index_list") or ())
