"""Groups of flights, and which of them may be compared."""

from datetime import date

import numpy as np
import polars as pl

from include.flights.evaluation.slicing import groups, slices, spread
from include.monitoring.performance import Period, day_draws

FLIGHTS = pl.DataFrame(
    {
        "carrier": ["UA"] * 4 + ["B6"] * 4 + ["HA"] * 2 + [None],
        "origin": ["JFK"] * 11,
        "date": [date(2013, 11, 1)] * 11,
        "sched_dep_hour": [0.0, 8.98, 9.0, 23.98] + [12.5] * 6 + [None],
    }
)
LATE = np.array([True, False, True, False, True, False, True, False, True, True, True])
RISK = np.array([0.9, 0.1, 0.8, 0.2, 0.6, 0.7, 0.8, 0.2, 0.4, 0.5, 0.6])
DAY = np.zeros(11, dtype=np.int64)
PERIOD = Period(LATE, DAY, day_draws(1, 20, 1))


def test_a_band_holds_its_first_minute_and_not_that_of_the_next() -> None:
    bands = FLIGHTS.select(groups([0, 9, 12])["hour"]).to_series().to_list()
    assert bands[:5] == [
        "00:00-08:59",
        "00:00-08:59",
        "09:00-11:59",
        "12:00-23:59",
        "12:00-23:59",
    ]
    assert bands[10] == "unknown"


def test_each_group_is_measured_on_its_own_flights() -> None:
    found = slices(FLIGHTS, groups([0])["carrier"], PERIOD, RISK, 0.95, min_rows=4)
    by_name = {one.group: one for one in found}
    assert by_name["UA"].auc.value == 1.0
    assert by_name["B6"].auc.value == 0.75  # .6 loses to .7; three of four pairs are won
    assert by_name["UA"].late_share == 0.5
    assert round(by_name["B6"].calibration_gap.value, 6) == 0.075


def test_small_groups_and_groups_of_one_outcome_are_not_compared() -> None:
    found = slices(FLIGHTS, groups([0])["carrier"], PERIOD, RISK, 0.95, min_rows=2)
    assert {one.group: one.compared for one in found} == {
        "B6": True,
        "HA": False,  # both late: no pair to compare
        "UA": True,
        "unknown": False,
    }


def test_the_spread_is_from_the_best_to_the_worst_group_compared() -> None:
    found = slices(FLIGHTS, groups([0])["carrier"], PERIOD, RISK, 0.95, min_rows=2)
    ends = spread(found)
    assert ends is not None and [one.group for one in ends] == ["UA", "B6"]


def test_one_group_alone_has_no_spread() -> None:
    found = slices(FLIGHTS, groups([0])["origin"], PERIOD, RISK, 0.95, min_rows=2)
    assert spread(found) is None
