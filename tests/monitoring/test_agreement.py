"""How much of a number a category explains."""

import polars as pl
import pytest

from include.monitoring.agreement import explained
from include.monitoring.plain_columns import Kind

KINDS: dict[str, Kind] = {"seats": "number", "fixed": "number", "firm": "category"}


def table(seats: list[float | None], firm: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame({"seats": seats, "fixed": [1.0] * len(seats), "firm": firm})


@pytest.mark.parametrize(
    ("seats", "firm", "share"),
    [
        ([1.0, 1.0, 9.0, 9.0], ["A", "A", "B", "B"], 1.0),
        ([1.0, 9.0, 1.0, 9.0], ["A", "A", "B", "B"], 0.0),
        # Ranks 1 to 4; the means 1.5 and 3.5 explain 4 of 5.
        ([1.0, 2.0, 3.0, 1e9], ["A", "A", "B", "B"], 0.8),
        ([1.0, None, float("nan"), 9.0], ["A", "A", "B", "B"], 1.0),
        ([1.0, 1.0, 9.0, 9.0], ["A", "A", None, None], 1.0),
    ],
    ids=["all", "nothing", "of ranks", "values that are not there", "no category is one"],
)
def test_the_share_that_a_category_explains(seats, firm, share):
    assert explained(table(seats, firm), KINDS) == {"seats by firm": share}


def test_what_never_varies_is_not_explained():
    assert explained(table([2.0, 2.0], ["A", "B"]), KINDS) == {}
    assert explained(table([None, None], ["A", "B"]), KINDS) == {}
