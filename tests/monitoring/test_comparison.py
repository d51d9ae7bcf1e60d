"""How Evidently is asked, and what is mended of its page."""

import polars as pl
import pytest
from small_visits import month

from include.monitoring import comparison
from include.monitoring.plain_columns import Kind


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
    from evidently.legacy.utils import visualizations

    template, make = plotly.io.templates.default, visualizations.make_subplots
    comparison.compare(month(), month(), {"shop": "category"}, {"shop": 0.1})
    assert uuid.uuid4() != uuid.uuid4()
    assert uuid.uuid4().version == 4
    assert plotly.io.templates.default == template
    assert visualizations.make_subplots is make


def test_the_page_holds_no_digit_in_which_processors_differ() -> None:
    page = "<p>0.2216183946441351</p>\n    var metric_1 = {numbers};\n"
    narrow = page.format(numbers="[0.2216183946441351, 5.551115123125783e-05, 0.25, 1013]")
    wide = page.format(numbers="[0.22161839464413513, 5.551115123125785e-05, 0.25, 1013]")
    assert comparison.mended(narrow) == comparison.mended(wide)
    assert "[0.221618394644, 5.55111512313e-05, 0.25, 1013]" in comparison.mended(narrow)
    assert "<p>0.2216183946441351</p>" in comparison.mended(narrow)


def test_a_chart_that_is_laid_out_once_is_the_same_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: dict[str, Kind] = {"age_d": "number", "shop": "category"}
    asked = month(), month(zeros=80), kinds, dict.fromkeys(kinds, 0.1)
    once = comparison.compare(*asked)
    monkeypatch.setattr(comparison, "laid_out_once", lambda make: make)
    assert comparison.compare(*asked) == once
