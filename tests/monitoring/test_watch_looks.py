"""A fault that stays is told until it is mended, or is how the data are."""

import polars as pl
import pytest
import small_windows as small
from small_windows import KINDS, LIMITS, alarms, facts_of, judged, parcels

from include.monitoring.watch import Facts, Looks
from include.monitoring.watch_looks import LASTING, look_checks

MAY, JUNE, JULY = 5, 6, 7
FAULTS = {
    "columns_jumped": {"distance": pl.col("distance") * 1.609},
    "columns_emptied": {"rain": pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.col("rain"))},
    "values_gone": {"firm": pl.col("firm").replace("VX", "AA")},
    "columns_disagree": {"seats": pl.col("seats").shuffle(seed=1)},
}


@pytest.fixture(scope="module")
def year() -> list[Facts]:
    return small.year(MAY)


@pytest.mark.parametrize("alarm", FAULTS)
def test_a_fault_that_stays_is_told_until_it_is_mended(year, alarm):
    sound = {month: parcels(month) for month in (MAY, JUNE, JULY, JULY + 1)}
    june, july = (sound[month].with_columns(**FAULTS[alarm]) for month in (JUNE, JULY))
    two = [facts_of(JUNE, june, sound[MAY]), facts_of(JULY, july, june)]
    back = facts_of(JULY + 1, sound[JULY + 1], july)
    told = judged([*year, *two, back])[MAY:]
    assert [list(alarms(one)) for one in told] == [[alarm], [alarm], []]
    assert told[1].verdict.to_do == "Repair the data where they come from before you retrain."


def moving(*statistics: float | None) -> list[Facts]:
    """Windows in which the distance moves so far."""
    return [
        Facts(
            start=small.window_of(1 + place % 12).start,
            end=small.window_of(1 + place % 12).end,
            looks=Looks({"distance": moved}, {}, {}, {}),
        )
        for place, moved in enumerate(statistics)
    ]


def jumped(*statistics: float | None) -> list[bool]:
    found = look_checks(moving(*statistics), KINDS, LIMITS.looking)
    return [not checks[0].passed for checks in found]


QUIET = (None, 0.02, 0.01, 0.02)


def test_a_jump_does_not_make_the_next_one_usual():
    assert jumped(*QUIET, 0.9, 0.8, 0.02, 0.9) == [False] * 4 + [True, False, False, True]


def test_a_jump_is_told_while_the_column_has_no_value():
    assert jumped(*QUIET, 0.9, None, 0.01) == [False] * 4 + [True] * 3


def test_what_lasts_is_how_the_data_are():
    later = [0.02] * LASTING
    assert jumped(*QUIET, 0.9, *later) == [False] * 4 + [True] * LASTING + [False]


def test_a_jump_that_lasts_is_told_with_its_window():
    checks = look_checks(moving(*QUIET, 0.9, 0.02), KINDS, LIMITS.looking)[-1]
    assert checks[0].reason == (
        "Columns that moved as no other window did, as if their unit were another: "
        "distance (by 0.90, where 0.02 is the most before, in 2013-05-01, and is not back)."
    )
