"""A text without marks is shown as it is written."""

import pytest

from include.assistant.documents.parsing.pages import sections_of

RUNBOOK = """\
RUNBOOK

Stop it in C:\\temp\\new by a_b_,
not *here or `there.
1) Stop the worker
   at once
   * by kill
2) Start it

    $ start
      now

|pipe| *** END ***
"""


def told(text: str) -> list[tuple[tuple[str, ...], list[str]]]:
    sections = sections_of("a.txt", text.encode(), {})
    return [
        (section.titles, [("|" if block.code else "") + block.text for block in section.blocks])
        for section in sections
        if section.titles or section.blocks
    ]


def test_no_sign_is_a_mark() -> None:
    assert told(RUNBOOK) == [
        (
            (),
            [
                "RUNBOOK",
                "Stop it in C:\\temp\\new by a_b_, not *here or `there.",
                "1) Stop the worker at once",
                "* by kill",
                "2) Start it",
                "|$ start\n  now",
                "|pipe| *** END ***",
            ],
        )
    ]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("So::\n\n  a\n", ["So:", "|a"]),
        (".. note:: A\n", ["Note: A"]),
        ("See ``a``.\n", ["See a."]),
        ("See :doc:`a`.\n", ["See a."]),
        ("See `a`_.\n", ["See a."]),
    ],
)
def test_a_text_with_marks_is_restructured_text(text: str, blocks: list[str]) -> None:
    assert told(text) == [((), blocks)]
    assert told(f"A\n===\n\n{text}") == [(("A",), blocks)]
