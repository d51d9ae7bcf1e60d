"""What the drift report measures, on tables small enough to work out by hand."""

import polars as pl
import pytest

from include.monitoring import comparison, drift, drift_page
from include.monitoring.comparison import Kind
from include.monitoring.drift_limits import Limits, Words

LIMITS = Limits(
    number_psi=0.2,
    category_distance=0.1,
    empty_share_change=0.2,
    drifted_columns_share_max=0.5,
    prediction_psi_max=0.25,
    outcome_share_change_max=0.1,
    auc_min=0.68,
    calibration_gap_max=0.05,
)
KINDS: dict[str, Kind] = {"age_d": "number", "shop": "category"}
WORDS = Words(rows="visits", outcome="sold", otherwise="unsold", score="chance")


def month(zeros: int = 50, sold: int = 25, sold_risk: float = 0.5) -> pl.DataFrame:
    """100 visits: age 0 or 1, shop A1 or U1, the same number of each; the last ones are sold.

    Those have the probability `sold_risk`, the others one that makes 25 % in the mean.
    """
    risk = (25 - sold * sold_risk) / (100 - sold) if sold < 100 else 0.0
    return pl.DataFrame(
        {
            "age_d": [0.0] * zeros + [1.0] * (100 - zeros),
            "shop": ["A1"] * zeros + ["U1"] * (100 - zeros),
            "chance": [risk] * (100 - sold) + [sold_risk] * sold,
            "sold": [False] * (100 - sold) + [True] * sold,
        },
        schema_overrides={"age_d": pl.Float32},
    )


def score(reference: pl.DataFrame, current: pl.DataFrame) -> drift.Drift:
    return drift.score(reference, current, KINDS, LIMITS, WORDS)[0]


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
        "sold_share_change": 0.0,
        "auc": 1.0,
        "calibration_gap": 0.0,
        # 75 x -ln(1 - 1/6) and 25 x -ln(1/2), over 100.
        "log_loss": 0.310028,
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


def test_a_drifted_month_gives_each_reason_with_its_numbers() -> None:
    # Twice as many sold visits, which the model rates below the others.
    drifted = score(month(), month(zeros=80, sold=50, sold_risk=0.2))
    assert drifted.answer == "Drifted: 5 of 5 checks failed"
    assert drifted.reasons == [
        "2 of 2 columns (100.0%) drifted, most of all shop, age_d; at most 50.0% may.",
        # All of 1/6 and 0.5 gone, all of 0.3 and 0.2 new; Evidently counts none as 0.0001:
        # 0.7499 ln 7500 + 0.2499 ln 2500 + 2 x 0.4999 ln 5000
        "The predictions moved by a PSI of 17.162; at most 0.250 is allowed.",
        (
            "50.0% of the visits were sold, 25.0% in the reference; "
            "a change of at most 10.0% is allowed."
        ),
        "The AUC is 0.000 on 100 visits; at least 0.680 is asked for.",
        (
            "The model expected 25.0% of the visits to be sold and 50.0% were; "
            "a gap of at most 5.0% is allowed."
        ),
    ]
    assert drifted.as_json()["verdict"] == {"drifted": True, "reasons": drifted.reasons}


def test_drift_of_few_columns_is_no_reason_alone() -> None:
    current = month().with_columns(month(zeros=80)["shop"])
    drifted = score(month(), current)
    assert drifted.columns["shop"].drifted
    assert drifted.as_json()["summary"] == {"columns": 2, "drifted_columns": 1}
    assert drifted.reasons == []


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


def test_a_column_exactly_at_its_threshold_has_drifted() -> None:
    reference, current = month()["shop"], month()["shop"]
    at, below = (
        drift.judge("category", distance, reference, current, LIMITS) for distance in (0.1, 0.0999)
    )
    assert at.drifted and not below.drifted


def test_numbers_in_a_narrow_range_are_compared() -> None:
    # 64 neighbours of 1000 as 32-bit numbers, half of them in each period.
    values = [1000 + step * 6.2e-5 for step in range(64)]
    tables = [
        month().head(32).with_columns(age_d=pl.Series(part, dtype=pl.Float32))
        for part in (values[::2], values[1::2])
    ]
    assert score(*tables).columns["age_d"].statistic is not None


@pytest.mark.parametrize("kind", ["number", "category"])
def test_a_statistic_alone_is_that_of_the_report(kind: Kind) -> None:
    before, now = month(), month(zeros=80)
    ages = pl.Series("age_d", [float("inf"), None, *range(98)], dtype=pl.Float32)
    before, now = before.with_columns(ages), now.with_columns(ages**1.5)
    name = "age_d" if kind == "number" else "shop"
    found, _ = comparison.compare(before, now, {name: kind}, {name: 0.1})
    assert comparison.statistic(kind, before[name], now[name]) == found[name] != 0
    assert comparison.statistic(kind, before[name], now[name].clear()) is None


def test_evidently_is_left_as_it_was() -> None:
    import uuid

    import plotly.io

    template = plotly.io.templates.default
    comparison.compare(month(), month(), {"shop": "category"}, {"shop": 0.1})
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
    def page(age: str, shop: str, value: str) -> str:
        table = month().with_columns(pl.col("shop").replace("A1", value))
        table = table.rename({"age_d": age, "shop": shop})
        kinds: dict[str, Kind] = {age: "number", shop: "category"}
        found, html = drift.score(table, table.clear().vstack(table), kinds, LIMITS, WORDS)
        return drift_page.with_verdict(html, f"Drift of {value}", [f"a fact of {value}"], found)

    code = "</title></td></script><script>alert(1)</script><img src=x onerror=alert(1)>"
    tame, hostile = page("age", "shop", "A1"), page(f"a{code}", f"s{code}", code)
    for tag in ("<script", "</script", "<img", "</td", "</title"):
        assert hostile.count(tag) == tame.count(tag), tag
    # Above Evidently's part: the title, twice, the fact, and the names of the two columns.
    assert hostile.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 5
