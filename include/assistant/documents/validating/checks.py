"""Run the rules of the suite on the passages with Great Expectations."""

import gc
import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl

from include.assistant.documents.validating.suites import Rule
from include.errors import ParamsError, PipelineError, did_you_mean

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite, ExpectationValidationResult
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.expectations.expectation import Expectation


@dataclass(frozen=True)
class Finding:
    """What one rule found."""

    rule: Rule
    holds: bool
    rows: tuple[int, ...]  # numbers of the rows that break it, from 0
    observed: str  # the number that a rule about a whole column compares


def findings_of(table: pl.DataFrame, rules: Sequence[Rule]) -> list[Finding]:
    """Check a table against its rules; the findings are in their order.

    Raises:
        ParamsError: Great Expectations does not know an expectation or its arguments.
        PipelineError: an expectation could not be evaluated, which says nothing on the data.
    """
    batch = asset().get_batch({"dataframe": table.to_pandas()})
    suite = gx_suite(rules)
    wanted: Any = {"result_format": "COMPLETE", "include_unexpected_rows": False}
    # They come back in an order of their own.
    results = sorted(batch.validate(suite, result_format=wanted).results, key=rule_number)
    return [finding(rule, result) for rule, result in zip(rules, results, strict=True)]


@cache
def asset() -> "BatchDefinition[Any]":
    """Where Great Expectations, which takes seconds to import, is handed its tables."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read at import; it would call home
    with warnings.catch_warnings(), nothing_collected():
        warnings.simplefilter("ignore")
        import great_expectations as gx
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    tables = context.data_sources.add_pandas("tables").add_dataframe_asset(name="passages")
    return tables.add_batch_definition_whole_dataframe("whole")


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Keep the garbage collector from an import: it frees nothing, in a sixth of the time."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def gx_suite(rules: Sequence[Rule]) -> "ExpectationSuite":
    """The rules as Great Expectations has them."""
    import great_expectations as gx

    numbered = [expectation_of(rule, number) for number, rule in enumerate(rules)]
    return gx.ExpectationSuite(name="passages", expectations=numbered)


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
        arguments: dict[str, Any] = {**rule.kwargs, "meta": {"rule": number}}
        return registry.get_expectation_impl(rule.type)(**arguments)
    except ValueError as error:  # of the pydantic 1 that Great Expectations carries
        problem = "; ".join(line.strip() for line in str(error).splitlines()[1:])
        what = f"The rule {rule.description!r} does not fit {rule.type}: {problem or error}."
        raise ParamsError(what, "correct its kwargs in the suite.") from None


def finding(rule: Rule, result: "ExpectationValidationResult") -> Finding:
    """Take from a result what is shown, without ids, times or machine.

    Raises:
        PipelineError: the expectation could not be evaluated.
    """
    message = raised(result.exception_info)
    if message:
        what = f"Great Expectations could not check {rule.description!r} "
        what += f"({rule.type}, {', '.join(rule.columns)}): {message}"
        fix = "correct the arguments of this rule in its suite; the data is not to blame."
        raise PipelineError(what, fix)
    found = result.result
    observed = found.get("observed_value")
    if isinstance(observed, float):
        observed = round(observed, 6)
    rows = tuple(sorted(int(row) for row in found.get("unexpected_index_list") or ()))
    return Finding(rule, bool(result.success), rows, "" if observed is None else str(observed))


def raised(info: Mapping[str, object]) -> str:
    """The message of the exception that an evaluation ended in; empty if it did not."""
    nested = [part for part in info.values() if isinstance(part, Mapping)]
    for part in [info, *nested]:
        if part.get("raised_exception"):
            return str(part.get("exception_message") or "unknown error").splitlines()[0]
    return ""
