"""What the drift report measures, on tables small enough to work out by hand."""

import polars as pl
import pytest

from include.monitoring import comparison, drift, drift_page
from include.monitoring.comparison import Kind
from include.monitoring.drift_limits import Limits

LIMITS = Limits(
    number_psi=0.2,
    category_distance=0.1,
    empty_share_change=0.2,
    drifted_columns_share_max=0.5,
    prediction_psi_max=0.25,
    late_share_change_max=0.1,
    auc_min=0.68,
    calibration_gap_max=0.05,
)
KINDS: dict[str, Kind] = {"wind_mph": "number", "carrier": "category"}


def month(zeros: int = 50, late: int = 25, late_risk: float = 0.5) -> pl.DataFrame:
    """100 flights: wind 0 or 1, carrier AA or UA, the same number of each; the last ones are late.

    Late flights have the probability `late_risk`, the others one that makes 25 % in the mean.
    """
    risk = (25 - late * late_risk) / (100 - late) if late < 100 else 0.0
    return pl.DataFrame(
        {
            "wind_mph": [0.0] * zeros + [1.0] * (100 - zeros),
            "carrier": ["AA"] * zeros + ["UA"] * (100 - zeros),
            "probability": [risk] * (100 - late) + [late_risk] * late,
            "late": [False] * (100 - late) + [True] * late,
        },
        schema_overrides={"wind_mph": pl.Float32},
    )


def score(reference: pl.DataFrame, current: pl.DataFrame) -> drift.Drift:
    return drift.score(reference, current, KINDS, LIMITS)[0]


@pytest.fixture(scope="module")
def unchanged() -> drift.Drift:
    return score(month(), month())


def test_a_month_like_the_reference_has_not_drifted(unchanged: drift.Drift) -> None:
    assert unchanged.reasons == []
    assert unchanged.answer == "No drift: all 5 checks passed"
    assert [column.statistic for column in unchanged.columns.values()] == [0.0, 0.0]
    assert unchanged.as_metrics() == {
        "drifted": 0,
        "drifted_columns_share": 0.0,
        "prediction_psi": 0.0,
        "late_share_change": 0.0,
        "auc": 1.0,
        "calibration_gap": 0.0,
        # 75 x -ln(1 - 1/6) and 25 x -ln(1/2), over 100.
        "log_loss": 0.310028,
    }


def test_the_statistics_are_those_of_the_formulas() -> None:
    # From 50:50 to 80:20.
    found = score(month(zeros=50), month(zeros=80)).columns
    # PSI = (0.8 - 0.5) ln(0.8 / 0.5) + (0.2 - 0.5) ln(0.2 / 0.5) = 0.3 ln 4
    assert found["wind_mph"].statistic == pytest.approx(0.415888, abs=1e-6)
    # Root of the mean divergence from (0.65, 0.35): ((0.047155) + (0.054188)) / 2 = 0.050672
    assert found["carrier"].statistic == pytest.approx(0.225104, abs=1e-6)
    assert found["wind_mph"].method == "psi"
    assert found["carrier"].method == "jensenshannon"
    assert found["wind_mph"].drifted and found["carrier"].drifted


def test_a_drifted_month_gives_each_reason_with_its_numbers() -> None:
    # Twice as many late flights, which the model rates below the others.
    drifted = score(month(), month(zeros=80, late=50, late_risk=0.2))
    assert drifted.answer == "Drifted: 5 of 5 checks failed"
    assert drifted.reasons == [
        "2 of 2 columns (100.0%) drifted, most of all carrier, wind_mph; at most 50.0% may.",
        # All of 1/6 and 0.5 gone, all of 0.3 and 0.2 new; Evidently counts none as 0.0001:
        # 0.7499 ln 7500 + 0.2499 ln 2500 + 2 x 0.4999 ln 5000
        "The predictions moved by a PSI of 17.162; at most 0.250 is allowed.",
        (
            "50.0% of the flights were late, 25.0% in the reference; "
            "a change of at most 10.0% is allowed."
        ),
        "The AUC is 0.000 on 100 flights; at least 0.680 is asked for.",
        (
            "The model expected 25.0% of the flights to be late and 50.0% were; "
            "a gap of at most 5.0% is allowed."
        ),
    ]
    assert drifted.as_json()["verdict"] == {"drifted": True, "reasons": drifted.reasons}


def test_drift_of_few_columns_is_no_reason_alone() -> None:
    current = month().with_columns(month(zeros=80)["carrier"])
    drifted = score(month(), current)
    assert drifted.columns["carrier"].drifted
    assert drifted.as_json()["summary"] == {"columns": 2, "drifted_columns": 1}
    assert drifted.reasons == []


@pytest.mark.parametrize("late", [0, 100], ids=["all punctual", "all late"])
def test_a_month_of_one_outcome_has_no_auc_and_says_so(late: int) -> None:
    drifted = score(month(), month(late=late, late_risk=0.25))
    kind = "late" if late else "punctual"
    assert f"The AUC cannot be measured: all 100 flights were {kind}." in drifted.reasons
    assert drifted.as_metrics()["auc"] is None


def test_a_column_that_falls_silent_has_drifted() -> None:
    # The values that are left are spread as before: only the empty ones tell.
    silent = pl.when(pl.int_range(pl.len()) % 2 == 0).then("wind_mph")
    found = score(month(), month().with_columns(silent)).columns["wind_mph"]
    assert (found.empty_share_reference, found.empty_share_current) == (0.0, 0.5)
    assert found.statistic == 0.0
    assert found.drifted


@pytest.mark.parametrize("empty", [None, float("nan")], ids=["null", "NaN"])
def test_a_column_without_any_value_has_no_statistic(empty: float | None) -> None:
    nothing = month().with_columns(wind_mph=pl.lit(empty, pl.Float32))
    gone, never = score(month(), nothing), score(nothing, nothing)
    assert gone.columns["wind_mph"].statistic is None
    assert gone.columns["wind_mph"].drifted
    assert not never.columns["wind_mph"].drifted


def test_a_column_exactly_at_its_threshold_has_drifted() -> None:
    reference, current = month()["carrier"], month()["carrier"]
    at, below = (
        drift.judge("category", distance, reference, current, LIMITS) for distance in (0.1, 0.0999)
    )
    assert at.drifted and not below.drifted


def test_numbers_in_a_narrow_range_are_compared() -> None:
    # 64 neighbours of 1000 as 32-bit numbers, half of them in each period.
    values = [1000 + step * 6.2e-5 for step in range(64)]
    tables = [
        month().head(32).with_columns(wind_mph=pl.Series(part, dtype=pl.Float32))
        for part in (values[::2], values[1::2])
    ]
    assert score(*tables).columns["wind_mph"].statistic is not None


def test_evidently_is_left_as_it_was() -> None:
    import uuid

    import plotly.io

    template = plotly.io.templates.default
    comparison.compare(month(), month(), {"carrier": "category"}, {"carrier": 0.1})
    assert uuid.uuid4() != uuid.uuid4()
    assert uuid.uuid4().version == 4
    assert plotly.io.templates.default == template


def test_the_page_holds_no_digit_in_which_processors_differ() -> None:
    page = "<p>0.2216183946441351</p>\n    var metric_1 = {numbers};\n"
    narrow = page.format(numbers="[0.2216183946441351, 5.551115123125783e-05, 0.25, 1013]")
    wide = page.format(numbers="[0.22161839464413513, 5.551115123125785e-05, 0.25, 1013]")
    assert comparison.mended(narrow) == comparison.mended(wide)
    assert "[0.221618394644, 5.55111512313e-05, 0.25, 1013]" in comparison.mended(narrow)
    assert "<p>0.2216183946441351</p>" in comparison.mended(narrow)


def test_names_and_values_of_columns_are_text_in_the_page() -> None:
    def page(wind: str, carrier: str, value: str) -> str:
        table = month().with_columns(pl.col("carrier").replace("AA", value))
        table = table.rename({"wind_mph": wind, "carrier": carrier})
        kinds: dict[str, Kind] = {wind: "number", carrier: "category"}
        found, html = drift.score(table, table.clear().vstack(table), kinds, LIMITS)
        return drift_page.with_verdict(html, f"Drift of {value}", [f"a fact of {value}"], found)

    code = "</title></td></script><script>alert(1)</script><img src=x onerror=alert(1)>"
    tame, hostile = page("wind", "carrier", "AA"), page(f"w{code}", f"c{code}", code)
    for tag in ("<script", "</script", "<img", "</td", "</title"):
        assert hostile.count(tag) == tame.count(tag), tag
    # Above Evidently's part: the title, twice, the fact, and the names of the two columns.
    assert hostile.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 5
