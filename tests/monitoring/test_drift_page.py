"""What a reader sees of a drift report, and that no value of the data is more than text."""

import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from browsing import FLAGS, chromium
from small_visits import TERMS, month, part

from include.monitoring import drift, drift_page
from include.monitoring.drift_page import Told
from include.monitoring.periods import Periods, Terms
from include.monitoring.plain_columns import Kind

CODE = "</title></td></script><script>alert(1)</script><img src=x onerror=alert(1)>"
LONG = "a_name_without_a_place_to_break_it_" * 9
TOLD = Told(
    title="Drift of the visits in May",
    periods=["Reference: 100 visits."],
    season="The reference is all there is.",
    weighed="All weigh the same.",
    details="drift_details.html",
    meanings={"age_d": "days since the first visit"},
    headings={"shop": "Shop"},
)


def written(age: str = "age_d", shop: str = "shop", value: str = "U1") -> str:
    """The page of a month in which ages and shops moved, and half of the sold were not foreseen."""
    rename = {"age_d": age, "shop": shop}
    before = month().rename(rename)
    now = month(zeros=80, sold=50, sold_risk=0.2).rename(rename)
    now = now.with_columns(pl.col(shop).replace("U1", value))
    learned = replace(part(before, "April"), fitted=True)
    kinds: dict[str, Kind] = {age: "number", shop: "category"}
    terms = Terms(kinds, TERMS.limits, TERMS.words, grouped=[shop], group_rows=10)
    months = [learned, part(now, "May")]
    periods = Periods(part(now, "May"), part(before, "reference"), part(before), months)
    told = replace(TOLD, headings={shop: shop}, title=f"Drift of {value}")
    return drift_page.page(drift.score(periods, terms)[0], terms, told)


@pytest.fixture(scope="module")
def page() -> str:
    return written()


def words(html: str) -> str:
    """The text of a page, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", html[html.index("<body>") :]).split())


def test_the_first_line_is_the_verdict_and_the_second_what_to_do(page: str) -> None:
    assert words(page).startswith(
        "Drift of U1 It hurts. The model does worse than it should, and what it sees has moved. "
        "To do: See that the outcomes are right, then retrain on newer rows. 2 of 2 columns"
    )


def test_the_page_says_what_moved_by_how_much_and_since_when(page: str) -> None:
    # PSI = 0.3 ln 4, twice its limit of 0.2.
    assert (
        "PSI 0.416, 2.1 times its limit; median 0.5 → 0. Weighs 50.0%. April May "
        "Beyond its limit since May." in words(page)
    )
    assert page.count('class="now"') > 2 and page.count('class="beyond"') == 2


def test_the_page_tells_the_groups_and_the_periods(page: str) -> None:
    assert "shop: the AUC of the best and the worst group are" in words(page)
    assert "U1 20 100.0 % – 1.000 −80.0" in words(page)
    assert page.count("<h3>AUC</h3>") == 1


def test_the_page_needs_no_script_no_network_and_little_room(page: str) -> None:
    assert not re.findall(r"<script|<link|<img|@import|url\(|https?:|\son\w+=", page)
    assert len(page.encode()) < 60_000
    assert re.findall(r'href="([^"]*)"', page) == ["drift_details.html"]


def test_names_and_values_are_text(page: str) -> None:
    hostile = written(f"a{CODE}", f"s{CODE}", CODE)
    for tag in ("<script", "</script", "<img", "</td", "</title"):
        assert hostile.count(tag) == page.count(tag), tag
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in hostile


def test_the_same_tables_give_the_same_page(page: str) -> None:
    assert written() == page


def test_many_columns_with_long_names_stay_below_400_kilobytes() -> None:
    names = [f"{LONG}{index}" for index in range(500)]
    before, now = (
        month(zeros).select("chance", "sold", *(pl.col("age_d").alias(name) for name in names))
        for zeros in (50, 80)
    )
    terms = Terms(dict.fromkeys(names, "number"), TERMS.limits, TERMS.words)
    found = drift.score(Periods(part(month(), "now"), part(month(), "before")), TERMS)[0]
    column = replace(found.columns["age_d"], statistic=0.5)
    shape = drift.shape_of("number", before[names[0]], now[names[0]])
    assert shape
    many = replace(
        found,
        columns=dict.fromkeys(names, column),
        shapes=dict.fromkeys(names[:24], shape),
        facts=[f"{name} is new." for name in names],
    )
    assert len(drift_page.page(many, terms, TOLD).encode()) < 400_000


def test_a_phone_shows_the_page_without_moving_it_sideways(tmp_path: Path) -> None:
    if chromium() is None:
        pytest.skip("there is no chromium on this machine")
    from playwright.sync_api import sync_playwright

    path = tmp_path / "drift.html"
    path.write_text(written(LONG, CODE, LONG), encoding="utf-8")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=FLAGS)
        screen = browser.new_page(viewport={"width": 360, "height": 740}, color_scheme="dark")
        screen.goto(path.as_uri())
        screen.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
        wide = screen.evaluate("document.documentElement.scrollWidth")
        dark = screen.evaluate("getComputedStyle(document.body).backgroundColor")
        seen = screen.locator(".headline").bounding_box()
        browser.close()
    assert wide == 360
    assert dark == "rgb(17, 22, 29)"
    assert seen and seen["y"] < 300  # below a title of 300 letters
