"""The page for the manager: its verdict, and that it needs nothing and trusts no value."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import small_evaluation
from small_evaluation import PARAMS, SPLITS, WINDOW

from include.flights.evaluation.judgement import Evaluation, Gain, evaluate
from include.flights.evaluation.report import page
from include.flights.members import predictions
from include.flights.models.history import History
from include.monitoring.performance import Interval

SCRIPT = "<script>alert(1)</script>"


def evaluated(folder: Path, helpful: bool) -> Evaluation:
    """Evaluate flights of a carrier with a name that would be code in a page."""
    inputs = small_evaluation.write(folder, carrier=SCRIPT, helpful=helpful)
    features = inputs["features"]
    flights = predictions.read_flights(features, (), WINDOW, SPLITS)
    history = History.open(features, WINDOW, SPLITS)
    members = predictions.read_members(inputs["predictions"], flights)
    return evaluate(flights, history, members, PARAMS)


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluated(tmp_path_factory.mktemp("helpful"), helpful=True)


def words(html: str) -> str:
    """The text of a page, without its tags."""
    body = html[html.index("<body>") :]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_the_page_begins_with_the_question_and_the_verdict(evaluation: Evaluation) -> None:
    text = words(page(evaluation, 15))
    assert text.startswith(
        "Model evaluation · 1 May to 30 Jun 2013 Two hours before a flight is scheduled to depart: "
        "will it arrive more than 15 minutes late? Yes, we can tell better."
    )
    times = f"{100 * evaluation.scores['blend']['auc'].value:.0f} times in 100"
    assert f"the blend of both models gives the late one the higher risk {times}" in text


def test_the_page_says_what_was_decided_and_why(evaluation: Evaluation) -> None:
    text = words(page(evaluation, 15))
    assert "Blend of both is the model to serve. The blend: on the validation period" in text


def test_models_that_know_nothing_are_not_recommended(tmp_path: Path) -> None:
    text = words(page(evaluated(tmp_path, helpful=False), 15))
    assert "Yes, we can tell better" not in text
    assert "should be read as a ranking, not at face value" in text


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.01, 0.05, "Yes, we can"), (-0.01, 0.05, "Not proven."), (-0.05, -0.01, "No. The time")],
    ids=["surely better", "maybe better", "surely worse"],
)
def test_the_verdict_is_that_of_the_paired_interval(
    low: float, high: float, verdict: str, evaluation: Evaluation
) -> None:
    gain = Gain("auc", Interval((low + high) / 2, low, high), 0.5)
    text = words(page(replace(evaluation, gains=[gain, *evaluation.gains[1:]]), 15))
    assert verdict in text


def test_a_value_of_the_data_is_never_code(evaluation: Evaluation) -> None:
    html = page(evaluation, 15)
    assert SCRIPT not in html and "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_the_page_needs_no_script_no_network_and_no_other_file(evaluation: Evaluation) -> None:
    html = page(evaluation, 15)
    assert not re.findall(r"<script|<link|<img|@import|url\(|https?:", html)
    assert html.count("<svg") > 5


def test_groups_too_small_to_compare_say_so(evaluation: Evaluation) -> None:
    assert "too few to compare" in words(page(evaluation, 15))
