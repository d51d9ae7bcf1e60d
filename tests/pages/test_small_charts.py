"""Small pictures: what is drawn where, and that labels are text."""

import re

import pytest

from include.pages.small_charts import nice, pairs, steps, strip, trend


def test_a_spread_fills_what_is_now_and_draws_what_was_before() -> None:
    drawn = steps("ages", [1.0, 0.0], [0.5, 0.5], ("0", "9"))
    # 300 wide; 92 is the ground and 4 the highest place, half of it is 48.
    assert (
        '<polyline class="before line" points="0.0,4.0 150.0,4.0 150.0,92.0 300.0,92.0"/>' in drawn
    )
    assert 'points="0.0,92.0 0.0,48.0 150.0,48.0 150.0,48.0 300.0,48.0 300.0,92.0"' in drawn


def test_a_strip_marks_what_is_beyond_the_limit() -> None:
    drawn = strip("ages", ["1", "2", "3"], [0.5, 1.0, None])
    assert re.findall(r'rect class="(\w+)"', drawn) == ["within", "beyond", "within"]


def test_a_trend_has_a_gap_where_nothing_was_measured() -> None:
    drawn = trend("AUC", ["1", "2", "3", "4"], [("main", [0.7, None, 0.8, 0.7])], str)
    assert drawn.count("<polyline") == 2 and drawn.count("<circle") == 3


def test_labels_are_text_and_cut() -> None:
    drawn = pairs("shops", ["<b>" + "x" * 99], [1.0], [0.0])
    assert "&lt;b&gt;xxxxxxxxxxx…" in drawn and "<b>" not in drawn


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.0, 1.0], [0.0, 0.25, 0.5, 0.75, 1.0]),
        ([0.71, 0.79], [0.7, 0.72, 0.74, 0.76, 0.78, 0.8]),
        ([5.0], [5.0, 5.005]),
        ([0.0], [0.0, 1e-9]),
    ],
    ids=["a share", "a narrow range", "one value", "nothing"],
)
def test_ticks_are_round_and_hold_the_values(values: list[float], ticks: list[float]) -> None:
    low, high, found = nice(values)
    assert found == pytest.approx(ticks)
    assert (low, high) == pytest.approx((ticks[0], ticks[-1]))
