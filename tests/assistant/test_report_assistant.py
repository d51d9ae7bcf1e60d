"""The stage report_assistant on files: a page that shows what was found, said and refused."""

import pytest
from assistant_evaluated import RULES, SEARCH, answered, make
from assistant_faq import corpus, passage

from include.assistant.evaluate_search import evaluate_search
from include.assistant.evaluation.report import tone_of_answers, worse
from include.assistant.report_assistant import report_assistant


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    evil = passage("evil.md", ["Bad <script>alert(1)</script>"], "A <script>stage</script> is so.")
    inputs = make(folder / "made", corpus(evil))
    outs = answered(inputs, folder / "answered")
    searched = {"predictions": folder / "search.parquet", "metrics": folder / "search.json"}
    evaluate_search(**inputs, **searched, search=SEARCH, evaluation=RULES)
    report_assistant(
        inputs["questions"],
        searched["predictions"],
        outs["predictions"],
        searched["metrics"],
        outs["metrics"],
        folder / "assistant.html",
    )
    return (folder / "assistant.html").read_text()


def test_the_page_shows_every_text_as_text(page):
    assert "<script" not in page and "<b>mine" not in page
    assert "&lt;b&gt;mine&lt;/b&gt;" in page


def test_the_page_shows_examples_good_and_bad_and_what_went_wrong(page):
    assert "Answered from the right section <small>(1)" in page
    assert "Answered, though it is about something else <small>(54)" in page
    assert "hidden: shows &#39;HAHA-17&#39;." in page
    assert "the assistant finds, and does not write" in page


def test_the_page_needs_nothing_beside_it(page):
    assert "src=" not in page and "@import" not in page and "<link" not in page


def test_the_verdict_speaks_of_the_answers_too(page):
    assert "<em>100 %</em> of the answers cite it" in page
    assert "Most answers cite the right section: 100 % to 100 % of them." in page


@pytest.mark.parametrize(
    ("low", "high", "tone"),
    [(0.67, 0.9, "good"), (0.4, 0.6, "open"), (0.05, 0.25, "bad"), (None, None, "bad")],
    ids=["most are right", "not proven", "most are wrong", "nothing was answered"],
)
def test_a_search_that_gains_does_not_cover_for_answers_that_miss(low, high, tone):
    found = tone_of_answers({"gold_cited_share_low": low, "gold_cited_share_high": high})
    assert found == tone
    assert worse("good", found) == tone and worse("bad", found) == "bad"
