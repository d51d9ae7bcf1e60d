"""What a rule that allows thousands of values finds: what one that allows a few does."""

import polars as pl
import pytest
from pydantic import JsonValue

from include.flights.validation.checks import findings_of
from include.validation.suites import Rule

TABLE = pl.DataFrame({"n": [1, 2, None, 40, 2], "name": ["a", "b", "c", None, "e"]})


def in_set(column: str, allowed: list[JsonValue]) -> Rule:
    kind, kwargs = "expect_column_values_to_be_in_set", {"column": column, "value_set": allowed}
    said = {"type": kind, "kwargs": kwargs, "severity": "critical", "description": "known"}
    return Rule.model_validate(said)


@pytest.mark.parametrize("length", [3, 300], ids=["short set", "long set"])
def test_a_long_set_gives_what_a_short_one_gives(length: int) -> None:
    allowed: list[JsonValue] = ["a", "b", *(f"x{n}" for n in range(length))]
    [found] = findings_of(TABLE, [in_set("name", allowed)], "a table")
    assert found.rule == in_set("name", allowed)
    assert (found.holds, found.unexpected, found.checked) == (False, 2, 4)
    assert (found.rows, found.values) == ((2, 4), ("c", "e"))


@pytest.mark.parametrize("length", [3, 300], ids=["short set", "long set"])
def test_a_fraction_or_a_text_in_a_set_allows_no_integer(length: int) -> None:
    allowed: list[JsonValue] = [1, 2.9, "40", *(n + 0.5 for n in range(100, 100 + length))]
    [found] = findings_of(TABLE, [in_set("n", allowed)], "a table")
    assert (found.holds, found.unexpected, found.rows) == (False, 3, (1, 3, 4))
