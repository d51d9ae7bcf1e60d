"""Values of unlike types are compared exactly, and columns get a type with a place for all."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from include.feature_store import kinds

NOON, MIDNIGHT = datetime(2013, 1, 1, 12), datetime(2013, 1, 1)
BIG = 2**53  # the first whole number whose successor is no float
MONEY = pl.Decimal(38, 2)
EXACTLY = {
    "an integer that no float holds": ([BIG, BIG + 1, -(2**63), 2**63 - 1], pl.Int64(), pl.Float64(), [2.0**53, None, -(2.0**63), None]),
    "an integer that the smaller type does not hold": ([300, 5, -1], pl.Int64(), pl.UInt8(), [None, 5, None]),
    "an integer beyond the signed ones": ([2**64 - 1, 5], pl.UInt64(), pl.Int64(), [None, 5]),
    "a float with a fraction, or none at all": ([1.5, 2.0, float("nan"), float("inf"), 9.3e18], pl.Float64(), pl.Int64(), [None, 2, None, None, None]),
    "a float is the shortest decimal": ([0.1, 0.07, 1234567.12, 0.125, 1e39], pl.Float64(), MONEY, [Decimal("0.10"), Decimal("0.07"), Decimal("1234567.12"), None, None]),
    "a float among decimals with many places": ([1234567.123456, 1e20], pl.Float64(), pl.Decimal(38, 18), [Decimal("1234567.123456"), None]),
    "a decimal that no float holds": ([Decimal("0.10"), Decimal(BIG + 1)], MONEY, pl.Float64(), [0.1, None]),
    "a decimal with more places": ([Decimal("1.10"), Decimal("1.11")], MONEY, pl.Decimal(10, 1), [Decimal("1.1"), None]),
    "a decimal with a fraction": ([Decimal("2.00"), Decimal("2.50")], MONEY, pl.Int64(), [2, None]),
    "a noon is no date": ([NOON, MIDNIGHT], pl.Datetime("us"), pl.Date(), [None, date(2013, 1, 1)]),
    "a date is its midnight": ([date(2013, 1, 1)], pl.Date(), pl.Datetime("ns"), [MIDNIGHT]),
    "a time without a zone is UTC": ([NOON], pl.Datetime("us", "Asia/Tokyo"), pl.Datetime("ms"), [NOON - timedelta(hours=9)]),
    "a time of a finer unit": ([NOON, NOON + timedelta(microseconds=1)], pl.Datetime("us"), pl.Datetime("ms"), [NOON, None]),
    "a time that nanoseconds do not reach": ([NOON, datetime(3000, 1, 1)], pl.Datetime("us"), pl.Datetime("ns"), [NOON, None]),
    "a duration of a finer unit": ([timedelta(microseconds=1500)], pl.Duration("us"), pl.Duration("ms"), [None]),
    "a category is its text": (["JFK", None], pl.Categorical(), pl.String(), ["JFK", None]),
}  # fmt: skip


@pytest.mark.parametrize(("values", "held", "wanted", "answer"), EXACTLY.values(), ids=EXACTLY)
def test_a_value_keeps_its_worth_or_has_no_equal(values, held, wanted, answer):
    if isinstance(held, pl.Datetime) and held.time_zone:
        column = pl.Series("x", values, pl.Datetime("us")).dt.replace_time_zone(held.time_zone)
    else:
        column = pl.Series("x", values, held)
    made = pl.LazyFrame([column]).select(kinds.exactly(pl.col("x"), held, wanted)).collect()["x"]
    assert made.dtype == wanted
    assert made.to_list() == answer


def type_of(kind) -> pl.DataType:
    return pl.Series([], dtype=kind).dtype


WIDEST = {
    "integers": ([pl.Int16, pl.Int64], pl.Int64),
    "signed and not": ([pl.Int64, pl.UInt64], pl.Decimal(38, 0)),
    "an integer and a float": ([pl.Int32, pl.Float32], pl.Float64),
    "decimals": ([pl.Decimal(10, 2), pl.Decimal(12, 5)], pl.Decimal(13, 5)),
    "units": ([pl.Datetime("ms"), pl.Datetime("ns"), pl.Datetime("us")], pl.Datetime("ns")),
    "zones": ([pl.Datetime("us", "Asia/Tokyo"), pl.Datetime("us")], pl.Datetime("us", "UTC")),
    "a date and a time": ([pl.Date, pl.Datetime("ms", "UTC")], pl.Datetime("ms", "UTC")),
    "texts": ([pl.Categorical, pl.String], pl.String),
    "nothing and something": ([pl.Null, pl.Date], pl.Date),
    "lists": ([pl.List(pl.Int8), pl.Array(pl.Int64, 2)], pl.List(pl.Int64)),
    "structs": (
        [pl.Struct({"a": pl.Int8}), pl.Struct({"a": pl.Int64, "b": pl.String})],
        pl.Struct({"a": pl.Int64, "b": pl.String}),
    ),
    "a number and a text": ([pl.Int64, pl.String], None),
    "a number and a Boolean": ([pl.Int64, pl.Boolean], None),
    "lists of unlike things": ([pl.List(pl.Int64), pl.List(pl.String)], None),
}


@pytest.mark.parametrize(("types", "answer"), WIDEST.values(), ids=WIDEST)
def test_the_widest_type_has_a_place_for_what_all_hold(types, answer):
    assert kinds.widest(map(type_of, types)) == answer
    assert kinds.widest(map(type_of, reversed(types))) == answer
