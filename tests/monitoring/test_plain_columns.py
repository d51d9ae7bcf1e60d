"""What a column holds is measured as it is: no decimal, day or large number loses its digits."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from include.errors import DataError
from include.monitoring import comparison
from include.monitoring.plain_columns import Kind, plain

Two = Callable[[int], Any]  # of 0 and 1, two values
NOON = datetime(2013, 1, 1, 12)


def column(two: Two, kind: Any, first: int, second: int, empty: bool) -> pl.Series:
    """So often the first value, so often the second, and perhaps a null among them."""
    values = [two(0)] * first + [two(1)] * second
    return pl.Series("wind", [*values, None] if empty else values, kind)


def statistic(kind: Kind, reference: pl.Series, current: pl.Series) -> float:
    tables = reference.to_frame(), current.to_frame()
    return comparison.compare(*tables, {"wind": kind}, {"wind": 0.1})[0]["wind"]


NUMBERS: dict[str, tuple[Two, Any]] = {
    "decimals": (lambda one: Decimal("1.25") + one, pl.Decimal(10, 2)),
    "long decimals": (lambda one: Decimal(10**20) + Decimal("0.01") * one, pl.Decimal(30, 2)),
    "days": (lambda one: date(2013, 1, 1 + one), None),
    "times": (lambda one: NOON + timedelta(microseconds=one), None),
    "times with a zone": (lambda one: NOON.replace(tzinfo=UTC) + timedelta(hours=one), None),
    "times of day": (lambda one: time(12, one), None),
    "durations": (lambda one: timedelta(minutes=one), None),
    "integers near 2^60": (lambda one: 2**60 + one, None),
    "integers near -2^60": (lambda one: -(2**60) + one, None),
    "integers that floats just miss": (lambda one: 2**53 + one, None),
    "unsigned integers near 2^64": (lambda one: 2**64 - 1 - one, pl.UInt64),
    "integers of 128 bits": (lambda one: 2**100 + one, pl.Int128),
    "integers far apart": (lambda one: (2**63 - 1) * (2 * one - 1), None),
    "large floats": (lambda one: float(2**60) + 256 * one, None),
    "floats close together": (lambda one: 1000 + 1e-12 * one, None),
    "yes and no": (lambda one: one == 1, None),
}


@pytest.mark.parametrize("empty", [False, True], ids=["all known", "some empty"])
@pytest.mark.parametrize(("two", "kind"), NUMBERS.values(), ids=NUMBERS)
def test_numbers_that_differ_are_told_apart(two: Two, kind: Any, empty: bool) -> None:
    # From 50:50 to 80:20: PSI = 0.3 ln(0.8 / 0.5) - 0.3 ln(0.2 / 0.5) = 0.3 ln 4
    reference, current = (column(two, kind, n, 100 - n, empty) for n in (50, 80))
    assert statistic("number", reference, current) == pytest.approx(0.415888, abs=1e-6)


CATEGORIES: dict[str, tuple[Two, Any]] = {
    "texts": (lambda one: "AB"[one], None),
    "categories": (lambda one: "AB"[one], pl.Categorical),
    "an enumeration": (lambda one: "AB"[one], pl.Enum(["A", "B"])),
    **NUMBERS,
}


@pytest.mark.parametrize("empty", [False, True], ids=["all known", "some empty"])
@pytest.mark.parametrize(("two", "kind"), CATEGORIES.values(), ids=CATEGORIES)
def test_categories_that_differ_are_told_apart(two: Two, kind: Any, empty: bool) -> None:
    # From 50:50 to 80:20: root of the mean divergence from (0.65, 0.35), (0.047155 + 0.054188) / 2
    reference, current = (column(two, kind, n, 100 - n, empty) for n in (50, 80))
    assert statistic("category", reference, current) == pytest.approx(0.225104, abs=1e-6)


@pytest.mark.parametrize("value", [2**60, Decimal("1.25"), date(2013, 1, 1), 5])
def test_a_column_of_one_value_has_not_moved(value: Any) -> None:
    reference, current = pl.Series("wind", [value] * 3), pl.Series("wind", [value] * 2)
    assert statistic("number", reference, current) == 0


@pytest.mark.parametrize(
    ("reference", "current"),
    [
        (pl.Series("wind", ["1.0"]).cast(pl.Decimal(5, 1)), pl.Series("wind", [Decimal("1.00")])),
        (pl.Series("wind", [NOON], pl.Datetime("ms")), pl.Series("wind", [NOON], pl.Datetime("ns"))),
        (pl.Series("wind", [1], pl.Int8), pl.Series("wind", [1], pl.UInt64)),
        (pl.Series("wind", ["A"], pl.Categorical), pl.Series("wind", ["A"], pl.Enum(["A"]))),
    ],
    ids=["decimals", "times", "integers", "categories"],
)  # fmt: skip
def test_the_same_values_in_two_types_are_the_same(
    reference: pl.Series, current: pl.Series
) -> None:
    before, now = plain("category", reference, current)
    assert before.to_list() == now.to_list()
    assert before.dtype == now.dtype


NAMES: dict[str, tuple[list[Any], str, list[float]]] = {
    "numbers as they are": ([5, 6], "wind", [5, 6]),
    "one number alone": ([1000, 1000], "wind", [1000, 1000]),
    "large numbers": ([2**60 + 1, 2**60], "wind, from 1152921504606846976", [1, 0]),
    "days": ([date(2013, 1, 3), date(2013, 1, 1)], "wind, days from 2013-01-01", [2, 0]),
    "times": (
        [NOON, NOON + timedelta(minutes=1)],
        "wind, seconds from 2013-01-01 12:00:00.000000",
        [0, 60],
    ),
    "times of day": ([time(0, 1), time(0, 2)], "wind, seconds", [60, 120]),
    "durations": ([timedelta(hours=1), timedelta(0)], "wind, seconds", [3600, 0]),
}


@pytest.mark.parametrize(("values", "name", "expected"), NAMES.values(), ids=NAMES)
def test_the_name_says_what_the_page_shows(
    values: list[Any], name: str, expected: list[float]
) -> None:
    before, now = plain("number", pl.Series("wind", values[:1]), pl.Series("wind", values[1:]))
    assert (before.name, now.name) == (name, name)
    assert [*before, *now] == pytest.approx(expected)


REFUSED: dict[str, tuple[Kind, list[Any], list[Any], str]] = {
    "a text as a number": ("number", ["1"], ["2"], "holds String, which is no number."),
    "bytes as a category": ("category", [b"1"], [b"2"], "holds Binary, which is no category."),
    "lists": ("category", [[1]], [[2]], "holds List(Int64), which is no category."),
    "a time with a zone and one without": (
        "number",
        [NOON.replace(tzinfo=UTC)],
        [NOON],
        "holds Datetime(time_unit='us', time_zone='UTC') in the reference, and "
        "Datetime(time_unit='us', time_zone=None) in the current period.",
    ),
}


@pytest.mark.parametrize(("kind", "before", "now", "fact"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_compared_is_named(
    kind: Kind, before: list[Any], now: list[Any], fact: str
) -> None:
    with pytest.raises(DataError) as raised:
        statistic(kind, pl.Series("wind", before), pl.Series("wind", now))
    assert str(raised.value) == (
        f"The column 'wind' {fact}\n"
        "  Next: change the type of the column, or the kind that it is compared as."
    )
