"""What is counted in the columns of a period, and what is said of it."""

import polars as pl
import pytest

from include.errors import DataError
from include.monitoring.contents import Contents, count, facts, new_share
from include.monitoring.plain_columns import Kind

KINDS: dict[str, Kind] = {"age": "number", "shop": "category"}


def counted(ages: list[float | None], shops: list[str | None]) -> dict[str, Contents]:
    table = pl.DataFrame(
        {"age": ages, "shop": shops}, schema={"age": pl.Float32, "shop": pl.String}
    )
    return count("current", table.lazy(), KINDS)


def test_gaps_infinities_and_categories_are_counted() -> None:
    found = counted(
        [1.0, None, float("nan"), float("inf"), -float("inf")], ["a", "b", "a", None, "b"]
    )
    assert found["age"] == Contents(rows=5, empty=2, infinite=2, constant=False, values=None)
    assert found["age"].empty_share == 0.8
    assert found["shop"] == Contents(5, 1, 0, constant=False, values={"a": 2, "b": 2})


def test_what_is_new_gone_empty_infinite_or_still_is_said() -> None:
    before = counted([1.0, 2.0, 3.0, 4.0], ["a", "b", "b", None])
    now = counted([2.0, 2.0, None, 2.0], ["b", "c", "c", "x" * 70])
    assert new_share(before["shop"], now["shop"]) == 0.75
    assert facts(before, now) == [
        "age has a single value now.",
        f"shop has values that are new, in 75.0% of the rows: c, {'x' * 60}....",
        "shop has lost values, of 25.0% of the rows before: a.",
    ]


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ([1.0, 2.0], [None, None], ["age has no value any more; 100.0% had one before."]),
        ([None, None], [1.0, None], ["age had no value before; 50.0% have one now."]),
        ([None, None], [None, None], ["Without a value in either period: age."]),
        ([3.0, 3.0], [3.0, None], ["With one value in each period: age."]),
        (
            [1.0, 2.0],
            [float("inf"), 1.0],
            ["age has 1 infinite numbers now and 0 before; they count as empty."],
        ),
    ],
    ids=["emptied", "filled", "never filled", "always the same", "infinite"],
)
def test_a_column_without_much_in_it_is_said(
    before: list[float | None], now: list[float | None], said: list[str]
) -> None:
    assert facts(counted(before, ["a", "b"]), counted(now, ["a", "b"])) == said


def test_a_column_with_very_many_values_is_not_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.monitoring.contents.MOST_VALUES", 3)
    before, now = counted([1.0] * 4, ["a", "b", "c", "c"]), counted([1.0] * 4, ["a", "b", "c", "d"])
    assert now["shop"].values is None
    assert new_share(before["shop"], now["shop"]) == 0.0
    assert "shop has more than 3 values now: new ones are not named." in facts(before, now)


@pytest.mark.parametrize("column", ["category", "days"])
def test_a_column_that_cannot_be_counted_is_refused(column: str) -> None:
    table = pl.DataFrame({"category": [[1], [2]]})
    with pytest.raises(DataError, match="holds List|has no column 'days'"):
        count("current", table.lazy(), {column: "category"})
