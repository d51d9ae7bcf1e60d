"""Great Expectations: what it is asked about a table, and what it answers."""

import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl

from include.errors import ParamsError, PipelineError, did_you_mean
from include.importing import as_if_absent, loaded_when_used, nothing_collected
from include.validation.suites import Rule

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.expectations.expectation import Expectation

RARE = ("altair", "scipy.stats")  # a third of the import; for drawings and a few expectations
EXTRAS = ("boto3", "sqlalchemy")  # another tenth; for tables that are elsewhere
ResultFormat = dict[str, str | bool]


def batch_of(table: pl.DataFrame) -> "Batch":
    """A table as Great Expectations has it."""
    return asset().get_batch({"dataframe": table.to_pandas()})


@cache
def asset() -> "BatchDefinition[Any]":
    """Where Great Expectations, which takes seconds to import, is handed its tables."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read at import; it would call home
    rare, extras = loaded_when_used(*RARE), as_if_absent(*EXTRAS)
    with warnings.catch_warnings(), nothing_collected(), rare, extras:
        warnings.simplefilter("ignore")
        import great_expectations as gx
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    tables = context.data_sources.add_pandas("tables").add_dataframe_asset(name="table")
    return tables.add_batch_definition_whole_dataframe("whole")


def validate(
    batch: "Batch", rules: Sequence[Rule], where: str, result_format: ResultFormat
) -> list["ExpectationValidationResult"]:
    """The results of the rules, in their order.

    Raises:
        ParamsError: Great Expectations does not know an expectation or its arguments.
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
    """The number that `expectation_of` marked the expectation with."""
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
