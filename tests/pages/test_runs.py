"""Pages about runs: numbers as pictures, verdicts in colour, and nothing but text in them."""

import math
import re
from pathlib import Path

import pytest

from include.pages import html
from include.pages.runs.content import (
    THEME,
    Change,
    Changes,
    CostTable,
    Entry,
    Figure,
    Filters,
    Link,
    RunList,
    RunPage,
    Topic,
    Verdict,
    Window,
)
from include.pages.runs.trend import Trend, number

HOSTILE = "\"><script>alert('x')</script>&{{ 7 * 7 }}"
LINK = Link(HOSTILE, "/reports/?dag_id=%22%3E")
VERDICT = Verdict(HOSTILE, HOSTILE, HOSTILE, LINK)
ENTRY = Entry(LINK, LINK, HOSTILE, HOSTILE, HOSTILE, [VERDICT] * 3, [(HOSTILE, HOSTILE)], [LINK])


def test_a_trend_goes_from_the_oldest_to_the_newest_and_names_the_last_number():
    picture = Trend("auc", ["2013-01-01", "2013-02-01", "2013-03-01"], [0.5, 1.0, 0.75]).drawn
    # x from 6 to 238; y from 78, the lowest, up to 12, the highest.
    assert 'points="6.0,78.0 122.0,12.0 238.0,45.0"' in picture
    assert ">0.75</text>" in picture
    assert re.findall(r'y="([\d.]+)"[^>]*>([\d.]+)</text>', picture) == [
        *(("50.0", "0.75"), ("16.0", "1"), ("82.0", "0.5"))  # the last, the most, the least
    ]
    assert ">2013-01-01</text>" in picture
    assert 'aria-label="auc: 0.75 now, 0.5 to 1 over 3 runs"' in picture


def test_the_range_of_a_trend_is_told_where_the_last_number_does_not_stand():
    low, high = (Trend("a", ["x"] * 2, values).drawn for values in ([2.0, 1.0], [1.0, 2.0]))
    assert re.findall(r">([\d.]+)</text>", low) == ["1", "2"]
    assert re.findall(r">([\d.]+)</text>", high) == ["2", "1"]
    assert re.findall(r">([\d.]+)</text>", Trend("a", ["x"] * 2, [3.0, 3.0]).drawn) == ["3"]


def test_a_trend_does_not_cross_what_was_not_measured():
    values = [1.0, 2.0, None, math.nan, 3.0, 4.0, math.inf]
    picture = Trend("a", [str(n) for n in range(7)], values).drawn
    assert picture.count("<polyline") == 2
    assert "nan" not in picture.lower()


@pytest.mark.parametrize("values", [[], [None], [math.nan]])
def test_a_trend_of_nothing_is_no_picture(values):
    assert Trend("a", ["x"] * len(values), values).drawn == ""


@pytest.mark.parametrize("values", [[3.0], [0.0, 0.0], [1e308, -1e308], [5.0, None]])
def test_a_trend_of_little_or_of_far_numbers_can_be_drawn(values):
    picture = Trend("a", ["x", "y"][: len(values)], values).drawn
    places = re.findall(r'(?:cx|cy)="([^"]+)"', picture)
    assert all(0 <= float(place) <= 300 for place in places)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.770721, "0.7707"), (336776.0, "336,776"), (1234.56, "1,234.6"), (0, "0"), (-0.5, "-0.5")],
)
def test_a_number_is_short(value, text):
    assert number(value) == text


def test_a_state_has_its_colour_and_a_word_that_nobody_knows_has_none():
    tones = {state: Verdict(state).tone for state in ("hurts", "moved", "blind", "steady", "x")}
    assert tones == {"hurts": "bad", "moved": "open", "blind": "open", "steady": "good", "x": ""}


def test_names_and_values_are_text_on_all_pages():
    filters = Filters(*[HOSTILE] * 5, dags=[HOSTILE], states=[HOSTILE])
    trend = Trend(HOSTILE, [HOSTILE] * 2, [1.0, 2.0], HOSTILE)
    listed = RunList(
        HOSTILE, "/reports/", filters, [ENTRY], [ENTRY], [trend], 1, 1, LINK, [LINK, LINK]
    )
    figure = Figure(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    change = Change(HOSTILE, HOSTILE, HOSTILE)
    one = RunPage(
        ENTRY,
        [LINK],
        [Window(HOSTILE, VERDICT)],
        [trend],
        [Topic(HOSTILE, HOSTILE, True, [figure], [LINK])],
        Changes(LINK, [change], [change], [HOSTILE]),
        CostTable([HOSTILE], [[HOSTILE]]),
    )
    shown = RunPage(ENTRY, [LINK], shown=LINK)
    for page in (listed.html, one.html, shown.html):
        assert page.count("<script") == 1
        assert "{{ 7 * 7 }}" in page


def test_a_page_asks_nothing_of_the_network_and_has_no_script_but_one():
    filters = Filters()
    page = RunList("Reports", "/reports/", filters, [ENTRY], [], [], 0, 1).html
    assert not re.findall(r"https?://|@import|url\(|src=|<link|\son\w+=", page)
    assert re.findall(r"<script>(.*?)</script>", page) == [THEME]


def test_the_colours_of_both_themes_are_those_of_every_page():
    root = Path(html.__file__).parent
    every = (root / "page.html.j2").read_text()
    ours = (root / "runs/frame.html.j2").read_text()
    for theme, held in zip(
        ("light", "dark"), re.findall(r":root \{(.*?--open: [^;]+;)", every, re.DOTALL), strict=True
    ):
        [said] = re.findall(
            rf":root\[data-theme={theme}\] {{ color-scheme: {theme}; (.*?) }}", ours
        )
        assert said.split() == held.split()
