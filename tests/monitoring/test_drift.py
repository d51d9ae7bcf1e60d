"""What the drift report measures, on tables small enough to work out by hand."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl
import pytest
from small_visits import TERMS, month, part, score

from include.monitoring import contents, drift, trends


@pytest.fixture(scope="module")
def unchanged() -> drift.Drift:
    return score(month(), month())


def test_a_month_like_the_reference_is_steady(unchanged: drift.Drift) -> None:
    assert unchanged.reasons == []
    assert unchanged.verdict.state == "steady"
    assert [column.statistic for column in unchanged.columns.values()] == [0.0, 0.0]
    assert unchanged.as_metrics() == {
        "drifted": 0,
        "hurts": 0,
        "drifted_columns_share": 0.0,
        "drift_weighted": 0.0,
        "unknown_share": 0.0,
        "prediction_psi": 0.0,
        "sold_share_change": 0.0,
        "auc": 1.0,
        "calibration_gap": 0.0,
        # 75 x -ln(1 - 1/6) and 25 x -ln(1/2), over 100; of 0.562335, that of always saying 25 %.
        "log_loss": 0.310028,
        "log_loss_saved": 0.448678,
    }


def test_the_statistics_are_those_of_the_formulas() -> None:
    # From 50:50 to 80:20.
    found = score(month(zeros=50), month(zeros=80)).columns
    # PSI = (0.8 - 0.5) ln(0.8 / 0.5) + (0.2 - 0.5) ln(0.2 / 0.5) = 0.3 ln 4
    assert found["age_d"].statistic == pytest.approx(0.415888, abs=1e-6)
    # Root of the mean divergence from (0.65, 0.35): ((0.047155) + (0.054188)) / 2 = 0.050672
    assert found["shop"].statistic == pytest.approx(0.225104, abs=1e-6)
    assert found["age_d"].method == "psi"
    assert found["shop"].method == "jensenshannon"
    assert found["age_d"].drifted and found["shop"].drifted


def test_a_month_that_hurts_gives_each_reason_with_its_numbers() -> None:
    # Twice as many sold visits, which the model rates below the others.
    hurt = score(month(), month(zeros=80, sold=50, sold_risk=0.2), unseen=part(month()))
    assert hurt.verdict.state == "hurts"
    assert hurt.reasons == [
        (
            "2 of 2 columns drifted, most of all age_d, shop; they are 100.0% of what the model "
            "uses, and at most 50.0% may be."
        ),
        # All of 1/6 and 0.5 gone, all of 0.3 and 0.2 new; Evidently counts none as 0.0001:
        # 0.7499 ln 7500 + 0.2499 ln 2500 + 2 x 0.4999 ln 5000
        "The predictions moved by a PSI of 17.162; at most 0.250 is allowed.",
        (
            "50.0% of the visits were sold, 25.0% in the reference; "
            "a change of at most 10.0% is allowed."
        ),
        "The AUC is 0.000 on 100 visits; at least 0.680 is asked for.",
        (
            "The AUC is 0.000, and was 1.000 on 100 visits that the model never saw; "
            "a fall of at most 0.050 is allowed."
        ),
        # (ln 0.2 + ln 0.7) / 2 = -0.983 against ln 0.5 = -0.693
        (
            "The model saves -41.8% of the log loss of always saying the mean, and saved 44.9% "
            "before; a fall of at most 10.0% is allowed."
        ),
        (
            "The model expected 25.0% of the visits to be sold and 50.0% were; "
            "a gap of at most 5.0% is allowed."
        ),
    ]
    assert hurt.as_json()["reasons"] == hurt.reasons
    assert (hurt.as_metrics()["drifted"], hurt.as_metrics()["hurts"]) == (1, 1)


@pytest.mark.parametrize(
    ("weights", "state"),
    [({"age_d": 1.0}, "steady"), ({"age_d": 2.0, "shop": 3.0}, "moved"), (None, "steady")],
    ids=["the model does not use it", "the model uses much of it", "nobody knows"],
)
def test_drift_counts_by_what_the_model_uses(
    weights: Mapping[str, float] | None, state: str
) -> None:
    current = month().with_columns(month(zeros=80)["shop"])
    found = score(month(), current, replace(TERMS, weights=weights))
    assert found.columns["shop"].drifted
    assert found.verdict.state == state
    assert found.as_metrics()["drifted_columns_share"] == 0.5
    summary = found.as_json()["summary"]
    assert summary == {"columns": 2, "drifted_columns": 1}


def test_predictions_that_moved_and_are_right_are_no_alarm() -> None:
    # 35 sold instead of 25, and 34 were expected.
    right = pl.when("sold").then(0.6).otherwise(0.2)
    found = score(month(sold=25), month(sold=35).with_columns(chance=right))
    assert [check.name for check in found.checks if not check.passed] == ["prediction_psi"]
    assert found.verdict.state == "moved"
    assert found.as_metrics()["drifted"] == 0


def test_more_of_the_outcome_is_no_worse_model() -> None:
    # The log loss doubles with the share that is sold; what the model saves of it does not.
    unseen, rare = month(sold=25, sold_risk=0.7), month(sold=50, sold_risk=0.7)
    rare = rare.with_columns(chance=pl.when("sold").then(0.7).otherwise(0.1))
    found = score(unseen, rare, unseen=part(unseen))
    checks = {check.name: check for check in found.checks}
    assert checks["log_loss_saved_change"].passed


@pytest.mark.parametrize("sold", [0, 100], ids=["all unsold", "all sold"])
def test_a_month_of_one_outcome_has_no_auc_and_says_so(sold: int) -> None:
    drifted = score(month(), month(sold=sold, sold_risk=0.25))
    kind = "sold" if sold else "unsold"
    assert f"The AUC cannot be measured: all 100 visits were {kind}." in drifted.reasons
    assert drifted.as_metrics()["auc"] is None


def test_a_column_that_falls_silent_has_drifted() -> None:
    # The values that are left are spread as before: only the empty ones tell.
    silent = pl.when(pl.int_range(pl.len()) % 2 == 0).then("age_d")
    found = score(month(), month().with_columns(silent)).columns["age_d"]
    assert (found.empty_share_reference, found.empty_share_current) == (0.0, 0.5)
    assert found.statistic == 0.0
    assert found.drifted


@pytest.mark.parametrize("empty", [None, float("nan")], ids=["null", "NaN"])
def test_a_column_without_any_value_has_no_statistic(empty: float | None) -> None:
    nothing = month().with_columns(age_d=pl.lit(empty, pl.Float32))
    gone, never = score(month(), nothing), score(nothing, nothing)
    assert gone.columns["age_d"].statistic is None
    assert gone.columns["age_d"].drifted
    assert not never.columns["age_d"].drifted


def test_a_column_exactly_at_its_threshold_has_drifted(unchanged: drift.Drift) -> None:
    column = unchanged.columns["shop"]
    assert replace(column, statistic=0.1).drifted
    assert not replace(column, statistic=0.0999).drifted


def test_rows_with_an_unknown_category_are_named_with_what_mends_them() -> None:
    current = month().with_columns(pl.Series("shop", ["A1"] * 50 + ["U1"] * 44 + ["Z9"] * 6))
    found = score(month(), current)
    assert found.reasons == [
        "6.0% of the visits have a value of shop that the model does not know; at most 5.0% may."
    ]
    assert found.verdict.to_do.startswith("Map the values that the model does not know, or ret")
    assert found.facts == ["shop has values that are new, in 6.0% of the rows: Z9."]


def test_a_value_that_the_model_learned_elsewhere_is_not_new() -> None:
    current = month().with_columns(pl.Series("shop", ["A1"] * 50 + ["U1"] * 44 + ["Z9"] * 6))
    learned = contents.count("learned", current.lazy(), TERMS.kinds)
    found = score(month(), current, learned=learned)
    assert (found.reasons, found.facts) == ([], [])


def test_a_month_of_the_trend_is_compared_with_its_own_reference() -> None:
    moved = month(zeros=80)
    own = replace(part(moved, "1"), reference=moved)
    found = score(month(), month(), months=[own, part(moved, "2"), part(month())])
    assert [point.drift_weighted for point in found.points] == [0.0, 1.0, 0.0]


def test_the_months_tell_since_when_a_column_is_not_as_it_was() -> None:
    moved = month(zeros=80)
    months = [part(moved, "1"), part(month(), "2"), part(moved, "3"), part(moved, "current")]
    found = score(month(), moved, months=months)
    assert found.columns["age_d"].since == "3"
    assert [point.drift_weighted for point in found.points] == [1.0, 0.0, 1.0, 1.0]
    assert [point.outcomes.auc for point in found.points] == [1.0] * 4
    assert found.as_json()["months"][1]["name"] == "2"  # type: ignore[index]


def test_periods_that_the_model_learned_from_do_not_count_as_a_beginning() -> None:
    moved = month(zeros=80)
    learned = [replace(part(moved, name), fitted=True) for name in ("1", "2")]
    found = score(month(), moved, months=[*learned, part(moved, "3"), part(moved)])
    assert found.columns["age_d"].since == "3"
    assert trends.beyond("age_d", found.points) == (2, 2)


def test_groups_are_told_apart_if_they_are_large_enough() -> None:
    # All that are sold are of U1, and 40 visits are too few.
    terms = replace(TERMS, grouped=["shop"], group_rows=50)
    found = score(month(), month(zeros=60), terms, unseen=part(month()))
    (group,) = found.groups["shop"]
    assert (group.name, group.now.rows, group.now.share, group.before.rows) == ("A1", 60, 0.0, 50)  # type: ignore[union-attr]


def test_numbers_in_a_narrow_range_are_compared() -> None:
    # 64 neighbours of 1000 as 32-bit numbers, half of them in each period.
    values = [1000 + step * 6.2e-5 for step in range(64)]
    tables = [
        month().head(32).with_columns(age_d=pl.Series(part, dtype=pl.Float32))
        for part in (values[::2], values[1::2])
    ]
    assert score(*tables).columns["age_d"].statistic is not None
