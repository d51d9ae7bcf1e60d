"""Markdown, with what MyST and MkDocs add to it, becomes plain sections."""

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
        '=== "Linux"\n\n    ```sh\n    ls\n    ```\n\nAfter.\n\n??? tip "More"\n    Here.\n'
    )
    assert blocks(text) == [
        "Note: Mind this.",
        "And that.",
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
