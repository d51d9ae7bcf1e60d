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


@pytest.mark.parametrize("indent", ["    ", "\t", "  \t"], ids=["blanks", "tab", "both"])
def test_a_note_may_be_indented_by_blanks_or_tabs(indent: str) -> None:
    lines = ["!!! note", "Never delete it.", "", "- item", "", "!!! tip", f"{indent}So.", "", "On."]
    text = "\n".join([lines[0], *(indent + line for line in lines[1:])])
    assert blocks(f"{text}\n\nAfter.\n") == [
        "Note: Never delete it.",
        "- item",
        "Tip: So.",
        "On.",
        "After.",
    ]


@pytest.mark.parametrize("indent", ["", " ", "  ", "   "])
def test_what_is_indented_less_than_a_note_stands_after_it_whole(indent: str) -> None:
    text = f"!!! note\n    Mind.\n\n{indent}- one\n{indent}- two\n\n{indent}Words.\n"
    assert blocks(text)[:3] == ["Note: Mind.", "- one", "- two"]
    assert blocks(text)[3] == "Words."
    assert blocks(f"!!! note\n\n{indent}Words.\n") == ["Note:", "Words."]


def test_roles_in_code_stay_as_they_are_written() -> None:
    text = "See {ref}`a <b>`.\n\n```\n{ref}`a <b>`\n```\n\n````{note}\n{ref}`c <d>`\n````\n"
    assert blocks(text) == ["See a.", "|{ref}`a <b>`", "Note: c"]


def test_code_in_a_note_keeps_what_is_indented_less() -> None:
    text = "!!! note\n    ```\n  a\n      b\n\tc\n    ```\n\n    So.\n"
    assert blocks(text) == ["Note:", "|a\n  b\nc", "So."]


@pytest.mark.parametrize("sign", ["<br>", "<br/>", "<BR />", '<br class="x">'])
def test_a_forced_line_end_parts_words(sign: str) -> None:
    text = f"one{sign}two `<br>`\n\n| a{sign}b | c |\n|---|---|\n| d{sign}e | f |\n"
    assert blocks(text) == ["one two <br>", "a b | c", "d e | f"]


def test_what_is_listed_in_a_cell_stays_apart_and_marked_words_stay_whole() -> None:
    text = "| a |\n|---|\n| <ul><li>one</li><li>t<b>w</b>o</li></ul> |\n"
    assert blocks(text) == ["a", "one two"]


def test_what_is_nested_more_deeply_than_it_is_read_is_refused() -> None:
    assert blocks("> " * 50 + "Text.") == ["Text."]
    with pytest.raises(ValueError, match="its parts are nested too deeply"):
        sections_of("> " * 200 + "Text.")


def test_files_that_are_included_are_counted() -> None:
    text = "# A\n\n```{include} ../README.md\n```\n\n> ```{literalinclude} a.py\n> ```\n"
    assert [section.includes for section in sections_of(text)] == [0, 2]


def test_cells_stay_in_their_columns() -> None:
    text = "| a | b | c |\n|---|---|---|\n|  | 1 | 2 |\n| 3 |  | 4 |\n| 5 | 6 |  |\n"
    assert blocks(text) == ["a | b | c", "| 1 | 2", "3 | | 4", "5 | 6"]


def test_a_row_knows_the_one_that_names_its_columns() -> None:
    text = "| a | b |\n|---|---|\n| 1 | 2 |\n"
    assert [block.head for block in sections_of(text)[-1].blocks] == ["", "a | b"]


@pytest.mark.parametrize("form", ["---\ntitle: {}\n---\n", '+++\ntitle = "{}"\n+++\n'])
def test_the_title_above_a_page_is_a_heading_where_it_has_none(form: str) -> None:
    above = form.format("Restore")
    assert told(f"{above}Run it.\n\n## Steps\n\nOne.\n") == [
        (("Restore",), ["Run it."]),
        (("Restore", "Steps"), ["One."]),
    ]
    assert told(f"{above}# Own\n\nRun it.\n") == [(("Own",), ["Run it."])]


def test_headings_in_html_are_headings() -> None:
    text = (
        '<h1 align="center"><img src="a.png"></h1>\n<h1>Widgets\n</h1>\n\nRun.\n\n'
        "<div><h2>Backup</h2>\nEach night.</div>\n\n## Licence\n\nMIT\n"
    )
    assert told(text) == [
        (("Widgets",), ["Run."]),
        (("Widgets", "Backup"), ["Each night."]),
        (("Widgets", "Licence"), ["MIT"]),
    ]


@pytest.mark.parametrize("sign", ["{#why}", "{ #why .x }", "{: #why }", "{.unlisted}"])
def test_the_name_of_a_heading_is_not_shown(sign: str) -> None:
    assert told(f"# Why `{{#x}}` so? {sign}\n\nSo.\n") == [(("Why {#x} so?",), ["So."])]
