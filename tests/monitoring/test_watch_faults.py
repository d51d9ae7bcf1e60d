"""Each planted fault is told by the alarm that is meant for it, and by no other."""

import numpy as np
import polars as pl
import pytest
import small_windows as small
from small_windows import LIMITS, alarms, facts_of, judged, parcels

from include.monitoring.watch import Facts

JUNE = 6


@pytest.fixture(scope="module")
def year() -> list[Facts]:
    return small.year()


@pytest.fixture(scope="module")
def may() -> pl.DataFrame:
    return parcels(JUNE - 1)


def test_what_is_usual_is_known_from_three_movements_on(year, may):
    table = parcels(JUNE).with_columns(distance=pl.col("distance") * 1.609)
    told = [
        alarms(judged([*year[first : JUNE - 1], facts_of(JUNE, table, may)])[-1])
        for first in (1, 2, 3)
    ]
    assert [[*names] for names in told] == [["columns_jumped"], ["columns_jumped"], []]


def june(year: list[Facts], may: pl.DataFrame, table: pl.DataFrame) -> small.Judged:
    """June with a fault, after five months without any."""
    return judged([*year[: JUNE - 1], facts_of(JUNE, table, may)])[-1]


def shuffled(column: pl.Expr) -> pl.Expr:
    return column.shuffle(seed=1)


def test_of_ten_windows_that_nothing_befell_none_alarms(year):
    states = [(one.verdict.state, alarms(one)) for one in judged(year)]
    assert states[2:] == [("steady", {})] * 10


@pytest.mark.parametrize(
    ("change", "alarm", "said"),
    [
        (
            {"distance": pl.col("distance") * 1.609},
            "columns_jumped",
            "as if their unit were another: distance (by ",
        ),
        (
            {"temp": (pl.col("temp") - 32) / 1.8},
            "columns_jumped",
            "as if their unit were another: temp (by ",
        ),
        (
            {"seats": shuffled(pl.col("seats"))},
            "columns_disagree",
            "as if joined by a wrong key: seats by firm (0% explained, ",
        ),
        (
            {"rain": pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.col("rain"))},
            "columns_emptied",
            "Columns that lost their values: rain (50.0% are empty, 0.0% before).",
        ),
        (
            {"firm": pl.when(pl.col("id").hash() % 20 > 0).then("firm").otherwise(pl.lit("new"))},
            "unknown_share",
            "% of the rows have a value that the model does not know; at most 0.02 is allowed.",
        ),
    ],
    ids=["a unit", "another unit", "a swapped key", "lost values", "values never seen"],
)
def test_a_fault_of_the_data_is_told_by_its_own_alarm(year, may, change, alarm, said):
    found = june(year, may, parcels(JUNE).with_columns(**change))
    assert list(alarms(found)) == [alarm]
    assert said in alarms(found)[alarm]
    assert found.verdict.state == "moved"
    held = [check.name for check in found.checks if check.kind == "data" and not check.passed]
    if alarm == "unknown_share":  # a training mends it, so it holds none back
        assert (held, found.verdict.to_do[:3]) == ([], "Map")
    else:
        repair = "Repair the data where they come from before you retrain."
        assert (held, found.verdict.to_do) == ([alarm], repair)


def test_a_category_that_is_gone_is_missed(year, may):
    found = june(year, may, parcels(JUNE).filter(pl.col("firm") != "VX"))
    assert list(alarms(found)) == ["values_gone"]
    assert "Values that are gone: firm VX (" in alarms(found)["values_gone"]


def test_a_doubled_rate_in_one_place_is_told_of_that_place(year, may):
    table = parcels(JUNE)
    draw = np.random.default_rng(0).random(len(table))
    more = pl.Series(draw < table["probability"].to_numpy())
    found = june(
        year,
        may,
        table.with_columns(late=pl.col("late") | ((pl.col("city") == "C05") & more)),
    )
    assert list(alarms(found)) == ["group_gap"]
    assert alarms(found)["group_gap"].startswith("In the group city C05 it is -")
    assert found.verdict.state == "hurts"


def test_a_world_that_changed_falls_short_of_the_estimate(year, may):
    found = june(year, may, parcels(JUNE).with_columns(late=shuffled(pl.col("late"))))
    assert {"auc", "auc_shortfall"} <= alarms(found).keys()
    assert found.verdict.state == "hurts"


def test_a_model_that_is_better_than_its_estimate_is_no_alarm(year, may):
    table = parcels(JUNE)
    draw = np.random.default_rng(0).random(len(table))
    risk = table["probability"].to_numpy()
    sure = np.clip(risk + np.where(risk > np.median(risk), 0.15, -0.15), 0, 1)
    found = june(year, may, table.with_columns(late=pl.Series(draw < sure)))
    assert (found.signals["auc_shortfall"] or 0) < -LIMITS.hurting.auc_shortfall_max
    assert alarms(found) == {}


def test_labels_that_are_late_leave_a_month_blind_and_it_is_judged_again(year, may):
    table = parcels(JUNE)
    found = june(year, may, table.with_columns(late=pl.lit(None, pl.Boolean)))
    assert list(alarms(found)) == ["labelled_share"]
    assert found.verdict.state == "blind"
    measured = {name for name, value in found.signals.items() if value is not None}
    assert {"auc_estimated", "log_loss_estimated"} <= measured
    assert not {"auc", "log_loss", "calibration_gap", "group_gap"} & measured
    again = june(year, may, table)
    assert (again.verdict.state, alarms(again)) == ("steady", {})
    assert again.signals["auc_estimated"] == found.signals["auc_estimated"]
    assert again.signals["auc"] == pytest.approx(again.signals["auc_estimated"], abs=0.02)


def test_a_blind_month_whose_estimate_falls_is_hurt(year, may):
    table = parcels(JUNE).with_columns(late=pl.lit(None, pl.Boolean), probability=pl.lit(0.3))
    found = june(year, may, table)
    assert found.signals["auc_estimated"] == 0.5
    assert "auc_estimated" in alarms(found)
    assert found.verdict.state == "hurts"
