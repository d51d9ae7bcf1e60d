"""What the two baselines forecast from the schedule alone."""

import numpy as np
import polars as pl
import pytest

from include.errors import DataError
from include.flights.evaluation.baselines import Baseline, late_rate, schedule_only
from include.flights.models.history import History

TRAIN = pl.DataFrame(
    {
        "carrier": ["UA", "UA", "UA", "B6"],
        "sched_dep_hour": [17.0, 17.5, 17.75, 8.0],
        "late": [True, True, False, False],
    },
    schema_overrides={"sched_dep_hour": pl.Float32},
)


def history(*months: pl.DataFrame) -> History:
    return History(tuple(month.lazy() for month in months))


PAST = history(TRAIN[:1], TRAIN[1:])
BY = ["carrier", "sched_dep_hour"]


def test_a_group_has_its_late_rate_by_the_whole_hour() -> None:
    rates = late_rate(PAST, TRAIN, BY, prior_rows=0)
    assert rates.tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 0])


def test_a_small_group_is_drawn_to_the_overall_rate() -> None:
    # B6 at 8: none of 1 late, and 3 more at the overall rate of one half.
    assert late_rate(PAST, TRAIN, BY, prior_rows=3)[3] == (0 + 3 * 0.5) / (1 + 3)


def test_a_group_never_seen_has_the_overall_rate() -> None:
    unseen = pl.DataFrame({"carrier": ["AA", None], "sched_dep_hour": [3.0, 3.0]})
    flights = unseen.cast({"sched_dep_hour": pl.Float32})
    assert late_rate(PAST, flights, BY, prior_rows=0).tolist() == [0.5, 0.5]


@pytest.fixture
def params() -> Baseline:
    return Baseline(
        rate_by=("carrier",),
        prior_rows=0,
        schedule=("carrier", "sched_dep_hour"),
        rounds=20,
        max_depth=3,
        learning_rate=0.3,
        threads=1,
    )


def test_the_schedule_only_model_learns_carrier_and_hour_together(params: Baseline) -> None:
    hours = np.arange(2000) % 24
    carriers = np.where(np.arange(2000) % 2 == 0, "UA", "B6")
    late = (hours >= 18) & (carriers == "UA")
    table = pl.DataFrame({"carrier": carriers, "sched_dep_hour": hours.astype(float), "late": late})
    risk = schedule_only(history(table), table, params)
    assert risk[late].min() > 0.8 and risk[~late].max() < 0.2


def test_the_schedule_only_model_learns_the_same_from_months(params: Baseline) -> None:
    table = pl.concat([TRAIN] * 50)
    by_month = schedule_only(history(table[:3], table[3:90], table[90:]), table, params)
    assert (by_month == schedule_only(history(table), table, params)).all()


def test_the_schedule_only_model_is_the_same_each_time(params: Baseline) -> None:
    table = pl.concat([TRAIN] * 50)
    assert (
        schedule_only(history(table), table, params) == schedule_only(history(table), table, params)
    ).all()


def test_a_column_that_the_features_lack_is_named(params: Baseline) -> None:
    with pytest.raises(DataError, match="lacks 1 of 2 features: sched_dep_hour"):
        schedule_only(history(TRAIN.rename({"sched_dep_hour": "hour"})), TRAIN, params)
