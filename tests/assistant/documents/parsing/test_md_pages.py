"""Markdown, with what MyST and MkDocs add to it, becomes plain sections."""

import pytest

from include.assistant.documents.parsing.md_pages import sections_of


def told(text: str) -> list[tuple[tuple[str, ...], list[str]]]:
    return [
        (section.titles, [("|" if block.code else "") + block.text for block in section.blocks])
        for section in sections_of(text)
        if section.titles or section.blocks
    ]


def blocks(text: str) -> list[str]:
    [(_, found)] = told(text)
    return found


def test_each_heading_opens_a_section_below_those_above_it() -> None:
    text = (
        "---\ntitle: x\n---\nLead.\n# A `code`\n\nText\nof it.\n\n### Why?\n\nSo.\n\nB\n-\n\nEnd."
    )
    assert told(text) == [
        ((), ["Lead."]),
        (("A code",), ["Text of it."]),
        (("A code", "Why?"), ["So."]),
        (("A code", "B"), ["End."]),
    ]


@pytest.mark.parametrize("line", ["==", "===", "===  ", "====", "-", "---", "----"])
def test_a_heading_may_be_underlined_by_any_number_of_signs(line: str) -> None:
    text = f"FAQ\n{line}\n\nText.\n\nWhy?\n{line}\n\nSo.\n"
    assert told(text)[-1][0][-1] == "Why?"
    assert [(titles[-1], found) for titles, found in told(text)] == [
        ("FAQ", ["Text."]),
        ("Why?", ["So."]),
    ]


@pytest.mark.parametrize("line", ["===", "!!!", "///", "???", "=== a"])
def test_signs_that_open_nothing_stay(line: str) -> None:
    assert blocks(f"Lead.\n\n{line}\n\nText.\n") == ["Lead.", line, "Text."]


def test_a_page_that_begins_with_a_rule_keeps_its_text() -> None:
    assert told("---\n\nText.\n\nB\n---\n\nEnd.\n") == [((), ["Text."]), (("B",), ["End."])]
    assert told("---\nSome words.\n\nB\n---\n\nEnd.\n")[0] == ((), ["Some words."])
    assert blocks("---\na: 1\n# so\nb:\n  - c\n- d\n\n'e': >\n  f\n---\nText.") == ["Text."]


def test_code_ends_where_its_fence_does() -> None:
    text = "````\n```\n!!! note\n````\n\n!!! note\n    Mind.\n\n``` a ``` b\n\n??? tip\n    So.\n"
    assert blocks(text) == ["|```\n!!! note", "Note: Mind.", "a b", "Tip: So."]
    assert blocks("~~~\n```\n~~~\n\n!!! note\n    Mind.\n") == ["|```", "Note: Mind."]


def test_what_is_shown_is_kept_and_marks_are_not() -> None:
    text = (
        "See [the **page**](x.md), ![a picture](x.png) `code` &amp; <kbd>C</kbd>.\n\n"
        "- one\n- two\n\n  more\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "```sh\n# no heading\nls\n```\n\n<!-- hidden --><div><p>Shown.</p></div>\n"
    )
    assert blocks(text) == [
        "See the page, code & C.",
        "- one",
        "- two",
        "more",
        "a | b",
        "1 | 2",
        "|# no heading\nls",
        "Shown.",
    ]


def test_notes_and_tabs_of_mkdocs_are_paragraphs() -> None:
    text = (
        "!!! note\n    Mind this.\n\n    And that.\n\n"
        '/// tip\n    Well.\n///\n\n=== "Linux"\n\n    ```sh\n    ls\n    ```\n\nAfter.\n\n??? tip "More"\n    Here.\n'
    )
    assert blocks(text) == [
        "Note: Mind this.",
        "And that.",
        "Tip: Well.",
        "Linux:",
        "|ls",
        "After.",
        "More: Here.",
    ]


def test_directives_and_roles_of_myst_are_plain() -> None:
    text = (
        "Use {class}`~click.Command` and {ref}`this <that>`.\n\n"
        "```{note}\nMind *this*.\n```\n\n```{code-block} python\n:caption: x\n\na = 1\n```\n\n"
        "```{eval-rst}\n.. autofunction:: x\n```\n\n```{admonition} Careful\n:class: tip\n\nSo.\n```\n"
    )
    assert blocks(text) == [
        "Use Command and this.",
        "Note: Mind this.",
        "|a = 1",
        "Admonition: Careful So.",
    ]
