"""What running a suite promises: the right rows, in the order of the rules, or a clear error."""

import polars as pl
import pytest
from pydantic import JsonValue

from include.errors import ParamsError, PipelineError
from include.validation.checking import findings_of
from include.validation.suites import Rule

TABLE = pl.DataFrame({"n": [1, 2, None, 40, 2], "name": ["a", "b", "c", None, "e"]})


def rule(kind: str, critical: bool = True, **kwargs: JsonValue) -> Rule:
    severity = "critical" if critical else "warning"
    return Rule.model_validate(
        {"type": kind, "kwargs": kwargs, "severity": severity, "description": kind}
    )


def test_findings_come_in_the_order_of_the_rules_with_counts_and_rows() -> None:
    rules = [
        rule("expect_column_values_to_be_unique", column="n"),
        rule("expect_column_mean_to_be_between", column="n", max_value=11),
        rule("expect_column_values_to_be_between", column="n", max_value=10),
        rule("expect_column_values_to_not_be_null", column="n", mostly=0.5),
        rule("expect_compound_columns_to_be_unique", column_list=["n", "name"]),
        rule("expect_column_values_to_be_between", critical=False, column="n", max_value=10),
    ]
    found = findings_of(TABLE, rules, "a table")
    assert [f.holds for f in found] == [False, False, False, True, True, False]
    assert [f.rows for f in found] == [(1, 4), (), (3,), (), (), ()]
    assert [f.unexpected for f in found] == [2, 0, 1, 1, 0, 1]
    assert [f.checked for f in found[:4]] == [4, 4, 4, 5]
    assert found[1].observed == "11.25"
    assert found[2].values == ("40.0",)


def test_an_unknown_expectation_offers_the_nearest() -> None:
    with pytest.raises(ParamsError) as caught:
        findings_of(TABLE, [rule("expect_column_values_to_be_uniqe", column="n")], "a table")
    assert str(caught.value) == (
        "The rule 'expect_column_values_to_be_uniqe' is of the type "
        "'expect_column_values_to_be_uniqe', which Great Expectations does not know. "
        "Did you mean 'expect_column_values_to_be_unique'?\n"
        "  Next: correct its type in the suite."
    )


def test_wrong_arguments_are_an_error_of_the_suite() -> None:
    wrong = rule("expect_column_values_to_be_between", column="n", most_value=3)
    with pytest.raises(
        ParamsError, match=r"does not fit .*most_value.*\n  Next: correct its kwargs"
    ):
        findings_of(TABLE, [wrong], "a table")


def test_a_rule_that_cannot_be_evaluated_says_nothing_on_the_data() -> None:
    with pytest.raises(PipelineError) as caught:
        findings_of(TABLE, [rule("expect_column_mean_to_be_between", column="name")], "a table")
    assert str(caught.value).startswith(
        "Great Expectations could not check 'expect_column_mean_to_be_between' "
        "(expect_column_mean_to_be_between, name) on a table: "
    )
    assert "Next: correct the arguments of this rule in its suite" in str(caught.value)
