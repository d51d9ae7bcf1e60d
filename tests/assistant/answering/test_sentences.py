"""A passage is cut where a reader would cut it, and every piece stands in it letter for letter."""

import pytest

from include.assistant.answering.sentences import split


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Stop it. Then start it.", ["Stop it.", "Then start it."]),
        ("Airflow 3.3.2 reads airflow.cfg at start.", ["Airflow 3.3.2 reads airflow.cfg at start."]),
        ("Use a broker, e.g. Redis. It is fast.", ["Use a broker, e.g. Redis.", "It is fast."]),
        ("See Fig. 3 and J. Smith.", ["See Fig. 3 and J. Smith."]),
        ('He says "Wait." Then go!', ['He says "Wait."', "Then go!"]),
        ("Call `a. B()` first. Then C.", ["Call `a. B()` first.", "Then C."]),
        ("1. Stop it.\n2. Start it.", ["1. Stop it.", "2. Start it."]),
        ("- one item. And more\n- two", ["- one item.", "And more", "- two"]),
        ("A paragraph\n\nAnother one", ["A paragraph", "Another one"]),
        ("", []),
    ],
    ids=[
        "two sentences", "versions and files", "abbreviations", "figures and initials", "quotations",
        "marks in code", "numbered lists", "lists", "paragraphs", "nothing",
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_ends_them(text, sentences):
    assert split(text) == sentences


def test_code_stays_whole_with_the_line_that_announces_it():
    text = "First stop it. Then run:\nairflow db clean --yes\n\nairflow db check --retry 3\nIt is done now."
    assert split(text) == [
        "First stop it.",
        "Then run:\nairflow db clean --yes\n\nairflow db check --retry 3",
        "It is done now.",
    ]


def test_code_keeps_its_margin_and_is_not_cut_at_its_dots():
    text = "```\nif x:\n    y = a. B\n\nz\n```\nDone."
    assert split(text) == ["```\nif x:\n    y = a. B\n\nz\n```", "Done."]


def test_each_piece_stands_in_the_text_as_it_is():
    text = "The value is set. The value is set.\n$ ls -l\n  total = 3\nEnd (it is)."
    found = split(text)
    assert found == [
        "The value is set.",
        "The value is set.",
        "$ ls -l\n  total = 3",
        "End (it is).",
    ]
    assert all(piece in text for piece in found)


@pytest.mark.parametrize(
    ("piece", "number"),
    [("e.g. A ", 1), ("`. A ", 14_001), ("Yes. ", 28_000), ("x = 1\n", 1)],
    ids=["abbreviations", "quotes", "sentences", "lines of code"],
)
def test_a_long_text_of_marks_is_cut_in_the_time_that_reading_it_takes(piece, number):
    # To look at each mark at all that came before would keep a processor for minutes.
    assert len(split(piece * (140_000 // len(piece)))) == number
