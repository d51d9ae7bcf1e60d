"""Periods that cannot be compared: each is refused, with what is wrong and what to do."""

from dataclasses import replace

import polars as pl
import pytest
from small_visits import TERMS, month, part, score

from include.errors import DataError

FAULTS = {
    "no row": (
        month().clear(),
        "The current period has no row.\n  Next: give it a longer period",
    ),
    "no such column": (
        month().rename({"shop": "shops"}),
        (
            "The current period has no column 'shop'. Did you mean 'shops'?\n"
            "  Next: compare columns that both periods have."
        ),
    ),
    "a score is missing": (
        month().with_columns(chance=pl.lit(None, pl.Float64)),
        "100 of the 100 values of 'chance' in the current period are no probability.\n",
    ),
    "a score beyond 1": (
        month().with_columns(chance=pl.when("sold").then(1.5).otherwise("chance")),
        "25 of the 100 values of 'chance' in the current period are no probability.\n",
    ),
    "an outcome is a text": (
        month().with_columns(pl.col("sold").cast(pl.String)),
        "The current period holds String in 'sold', not booleans.\n",
    ),
    "a score is a text": (
        month().with_columns(pl.col("chance").cast(pl.String)),
        "The current period holds String in 'chance', not numbers.\n",
    ),
    "no score": (
        month().drop("chance"),
        "The current period has no column 'chance'.\n",
    ),
    "an outcome is missing": (
        month().with_columns(sold=pl.when(pl.int_range(pl.len()) > 9).then("sold")),
        "10 of the 100 visits of the current period have no 'sold'.\n",
    ),
}


@pytest.mark.parametrize(("current", "message"), FAULTS.values(), ids=FAULTS)
def test_a_period_that_cannot_be_compared_is_refused(current: pl.DataFrame, message: str) -> None:
    with pytest.raises(DataError) as error:
        score(month(), current)
    assert str(error.value).startswith(message)


def test_a_group_or_a_month_without_its_column_is_refused() -> None:
    with pytest.raises(DataError, match="The current period has no column 'town'"):
        score(month(), month(), replace(TERMS, grouped=["town"]))
    with pytest.raises(DataError, match="The May period has no column 'shop'"):
        score(month(), month(), months=[part(month().drop("shop"), "May")])


def test_a_reference_without_a_row_is_refused() -> None:
    with pytest.raises(DataError, match=r"The reference period has no row\."):
        score(month().clear(), month())
