"""Charts are pictures with a spoken name, and their texts are never code."""

import re

from include.pages import charts
from include.pages.charts import Axis, Line, Row

UNIT = Axis("share", 0, 1, [0, 1], "{:.0f}".format)


def test_a_line_runs_from_corner_to_corner() -> None:
    picture = charts.lines("all of it", UNIT, UNIT, [Line("main", [(0, 0), (1, 1)])], (460, 360))
    # x from 66 to 446; y from 314, at the bottom, up to 12.
    assert '<polyline class="main line" points="66.0,314.0 446.0,12.0"/>' in picture
    assert 'role="img" aria-label="all of it"' in picture


def test_a_text_is_escaped() -> None:
    row = Row("<b>&", "main", 0.5, 0.4, 0.6)
    for picture in (charts.whiskers("n", UNIT, [row]), charts.spark("main", 0, 1, row, 0.5)):
        assert "<b>" not in picture and "&lt;b&gt;&amp;" in picture


def test_a_small_chart_keeps_far_values_inside() -> None:
    row = Row("far", "main", 0.9, -5, 5)
    places = re.findall(r'(?:x1|x2|cx)="([0-9.-]+)"', charts.spark("main", 0, 1, row, 0.5))
    assert all(0 <= float(place) <= 150 for place in places)
