"""A column takes the type that is declared for it only if no value is another one then."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from include.errors import DataError
from include.flights.ingestion.casts import convert

INT16, FLOAT32, FLOAT64, TEXT = pl.Int16(), pl.Float32(), pl.Float64(), pl.String()
TIME = pl.Datetime("us", "UTC")


def converted(values: list[Any], kind: pl.DataType, held: Any = None) -> list[Any]:
    column = convert(pl.Series("dep_time", values, held), kind, "flights")
    assert column.dtype == kind
    return column.to_list()


def refusal(values: list[Any], kind: pl.DataType, held: Any = None) -> str:
    with pytest.raises(DataError) as raised:
        converted(values, kind, held)
    return str(raised.value)


SAME: dict[str, tuple[list[Any], pl.DataType, Any, list[Any]]] = {
    "a float that is whole": ([517.0, None], INT16, None, [517, None]),
    "a half float that is whole": ([517.0], INT16, pl.Float16, [517]),
    "a wider integer that fits": ([-32768, 32767], INT16, pl.Int64, [-32768, 32767]),
    "an unsigned integer that fits": ([517], INT16, pl.UInt64, [517]),
    "a decimal that is whole": ([Decimal("517.00")], INT16, None, [517]),
    "yes and no": ([True, False], INT16, None, [1, 0]),
    "a whole number as text with a point": (["517.0", "518"], INT16, None, [517, 518]),
    "a whole number as text with an exponent": (["1e3", "5.17E2"], INT16, None, [1000, 517]),
    "a number as text with spaces": ([" 517 ", "\t-3"], INT16, None, [517, -3]),
    "a number as text with a sign": (["+517"], INT16, None, [517]),
    "zeros in front": (["0517"], INT16, None, [517]),
    "nothing as text": (["517", "", "NA", None], INT16, None, [517, None, None, None]),
    "a dictionary of texts": (["517", None], INT16, pl.Categorical, [517, None]),
    "an enumeration of texts": (["517"], INT16, pl.Enum(["517"]), [517]),
    "bytes that are text": ([b"517"], INT16, None, [517]),
    "nothing at all": ([None, None], INT16, pl.Null, [None, None]),
    "lists that are all missing": ([None], INT16, pl.List(pl.Int8), [None]),
    "an integer that a float holds": ([2**53, -(2**60)], FLOAT64, None, [2.0**53, -(2.0**60)]),
    "a fraction, to the nearest": ([0.1], FLOAT32, None, [0.10000000149011612]),
    "a decimal fraction, to the nearest": ([Decimal("0.1")], FLOAT64, None, [0.1]),
    "a fraction as text, to the nearest": (["0.1", " .5 "], FLOAT64, None, [0.1, 0.5]),
    "a large fraction": (["16777217.5"], FLOAT32, None, [16777218.0]),
    "infinity": ([float("inf"), -float("inf")], FLOAT32, None, [float("inf"), -float("inf")]),
    "infinity as text": (["inf", "-Infinity", "0"], FLOAT32, None, [float("inf"), -float("inf"), 0.0]),
    "a dictionary of codes": (["AA", "NA"], TEXT, pl.Categorical, ["AA", "NA"]),
    "an integer as a code": ([9], TEXT, None, ["9"]),
    "a whole float as a code": ([9.0, None], TEXT, None, ["9", None]),
    "a day": ([date(2013, 1, 1)], TIME, None, [datetime(2013, 1, 1, tzinfo=UTC)]),
    "a time at midnight as a day": ([datetime(2013, 1, 1)], pl.Date(), None, [date(2013, 1, 1)]),
    "a time without a zone": ([datetime(2013, 1, 1, 5)], TIME, None, [datetime(2013, 1, 1, 5, tzinfo=UTC)]),
    "nanoseconds that are microseconds": ([1000], TIME, pl.Datetime("ns"), [datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC)]),
    "milliseconds of another zone": ([0], TIME, pl.Datetime("ms", "America/New_York"), [datetime(1970, 1, 1, tzinfo=UTC)]),
    "a dictionary of times": (["2013-01-01T10:00Z"], TIME, pl.Categorical, [datetime(2013, 1, 1, 10, tzinfo=UTC)]),
}  # fmt: skip


@pytest.mark.parametrize(("values", "kind", "held", "expected"), SAME.values(), ids=SAME)
def test_what_is_the_same_value_is_taken(
    values: list[Any], kind: pl.DataType, held: Any, expected: list[Any]
) -> None:
    assert converted(values, kind, held) == expected


def test_what_is_no_number_stays_so() -> None:
    held = converted([float("nan"), 1.5], FLOAT32)
    assert str(held) == "[nan, 1.5]"
    assert str(converted(["NaN", "1.5"], FLOAT32)) == "[nan, 1.5]"


LOST: dict[str, tuple[list[Any], pl.DataType, Any, str]] = {
    "a fraction": ([2.0, 2.9], INT16, None, "2.9"),
    "a small fraction": ([2.0, 1e-9], INT16, None, "1e-09"),
    "what is no number": ([2.0, float("nan")], INT16, None, "nan"),
    "infinity": ([2.0, float("inf")], INT16, None, "inf"),
    "a float out of range": ([2.0, 32768.0], INT16, None, "32768.0"),
    "an integer out of range": ([2, 40000], INT16, pl.Int64, "40000"),
    "a negative number for an unsigned one": ([2, -1], pl.UInt8(), None, "-1"),
    "a float at the edge of the integers": ([2.0, 2.0**63], pl.Int64(), None, "9.223372036854776e+18"),
    "a decimal fraction": ([Decimal("2.00"), Decimal("2.90")], INT16, None, "2.90"),
    "a fraction as text": (["2", "2.9"], INT16, None, "'2.9'"),
    "a text out of range": (["2", "4e4"], INT16, None, "'4e4'"),
    "a number with many zeros": (["2", "1e999"], INT16, None, "'1e999'"),
    "a number just beside a whole one": (["2", "1.00000000000000000001"], INT16, None, "'1.00000000000000000001'"),
    "a truth as text": (["2", "True"], INT16, None, "'True'"),
    "no number as text": (["2", "NaN"], INT16, None, "'NaN'"),
    "digits with an underscore": (["2", "1_0"], INT16, None, "'1_0'"),
    "digits with a comma": (["2", "1,000"], INT16, None, "'1,000'"),
    "digits of another script": (["2", "٣"], INT16, None, "'٣'"),
    "a word in a dictionary": (["2", "ten"], INT16, pl.Categorical, "'ten'"),
    "an integer between floats": ([2, 2**53 + 1], FLOAT64, None, "9007199254740993"),
    "the largest integer": ([2, 2**63 - 1], FLOAT64, None, "9223372036854775807"),
    "an integer between narrow floats": ([2, 2**24 + 1], FLOAT32, None, "16777217"),
    "a whole float between narrow ones": ([2.0, 2.0**24 + 1], FLOAT32, None, "16777217.0"),
    "a whole decimal between floats": ([Decimal(2), Decimal(2**53 + 1)], FLOAT64, None, "9007199254740993"),
    "a whole text between floats": (["2", "9007199254740993"], FLOAT64, None, "'9007199254740993'"),
    "a float that would be infinite": ([2.0, 1e39], FLOAT32, None, "1e+39"),
    "a text that would be infinite": (["2", "1e39"], FLOAT32, None, "'1e39'"),
    "a float that would be nothing": ([2.0, 1e-50], FLOAT32, None, "1e-50"),
    "a text that would be nothing": (["2", "1e-50"], FLOAT32, None, "'1e-50'"),
    "a truth for a number": (["2", "True"], FLOAT32, None, "'True'"),
    "a fraction as a code": ([2.0, 9.5], TEXT, None, "9.5"),
    "bytes that are no text": ([b"AA", b"\xff"], TEXT, None, r"b'\xff'"),
    "a number that is neither yes nor no": ([1, 2], pl.Boolean(), None, "2"),
    "a part of a microsecond": ([1000, 1], TIME, pl.Datetime("ns"), "1970-01-01 00:00:00.000000001"),
    "a time of day": ([datetime(2013, 1, 1), datetime(2013, 1, 1, 5)], pl.Date(), None, "2013-01-01 05:00:00.000000"),
    "a time that no calendar shows": ([0, 2**62], TIME, pl.Datetime("ms"), "4611686018427387904"),
}  # fmt: skip


@pytest.mark.parametrize(("values", "kind", "held", "shown"), LOST.values(), ids=LOST)
def test_what_would_be_another_value_is_shown_with_its_row(
    values: list[Any], kind: pl.DataType, held: Any, shown: str
) -> None:
    assert refusal(values, kind, held) == (
        f"flights has 1 values in 'dep_time' that are not {kind}: {shown} (first in row 2 of 2).\n"
        "  Next: correct these values in the source, or leave them empty."
    )


OTHER: dict[str, tuple[list[Any], pl.DataType, str]] = {
    "a duration for a number": ([timedelta(minutes=5)], INT16, "Duration(time_unit='us')"),
    "a duration for a fraction": ([timedelta(minutes=5)], FLOAT32, "Duration(time_unit='us')"),
    "a time of day for a number": ([time(5, 17)], INT16, "Time"),
    "a day for a number": ([date(2013, 1, 1)], INT16, "Date"),
    "a time for a number": (
        [datetime(2013, 1, 1)],
        pl.Int64(),
        "Datetime(time_unit='us', time_zone=None)",
    ),
    "a number for a time": ([1357034400], TIME, "Int64"),
    "a fraction for a time": ([1357034400.0], TIME, "Float64"),
    "a time with a zone for one without": (
        [datetime(2013, 1, 1, tzinfo=UTC)],
        pl.Datetime("us"),
        "Datetime(time_unit='us', time_zone='UTC')",
    ),
    "a truth for a code": ([True], TEXT, "Boolean"),
    "a day for a code": ([date(2013, 1, 1)], TEXT, "Date"),
    "a list": ([[1]], INT16, "List(Int64)"),
    "a record for a number": ([{"a": 1}], INT16, "Struct({'a': Int64})"),
    "a record for a code": ([{"a": 1}], TEXT, "Struct({'a': Int64})"),
}


@pytest.mark.parametrize(("values", "kind", "held"), OTHER.values(), ids=OTHER)
def test_a_column_of_another_kind_is_named(values: list[Any], kind: pl.DataType, held: str) -> None:
    assert refusal(values, kind) == (
        f"flights has {held} in 'dep_time', where {kind} is needed.\n"
        "  Next: convert this column in the source."
    )


def test_equal_values_are_shown_once_and_counted_all() -> None:
    assert refusal([2.9, 1.0, 2.9, 3.1], INT16).splitlines()[0] == (
        "flights has 3 values in 'dep_time' that are not Int16: 2.9, 3.1 (first in row 1 of 4)."
    )


def test_a_column_that_has_its_type_is_not_copied() -> None:
    column = pl.Series("temp", [1.5, float("nan")], pl.Float32)
    assert convert(column, FLOAT32, "weather") is column
