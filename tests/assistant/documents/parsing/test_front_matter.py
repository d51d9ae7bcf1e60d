"""What stands at the top of a page for a program is no text of it, but its title may be there."""

import pytest

from include.assistant.documents.parsing.front_matter import parted


@pytest.mark.parametrize(
    ("above", "title"),
    [
        ("---\ntitle: A b\ntags: [a,\nb]\n---\n", "A b"),
        ("---\n«q»: 1\ntitle: 'A: b'\n---  \n", "A: b"),
        ("---\ntext: |\n  a\n\n  b\n...\n", ""),
        ("---\ntitle: {{ page }}: x\nother: 1\n---\n", ""),
        ("---\ntitle:\n  - a\n---\n", ""),
        ("---\ntitle: A\ndate: 2026-02-31\n---\n", ""),
        ('+++\ntitle = "A b"\n[x]\ny = 1\n+++\n', "A b"),
        ("+++\n+++\n", ""),
    ],
    ids=["yaml", "odd names", "dots", "template", "no text", "no date", "toml", "empty"],
)
def test_it_ends_where_its_lines_do(above: str, title: str) -> None:
    assert parted(f"{above}Text.\n\n---\n") == (title, "Text.\n\n---\n")


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nText.\n\nB\n---\n",
        "---\nSome words.\n\nB\n---\n",
        "+++\nWords.\n+++\n",
        "a: 1\n---\n",
    ],
)
def test_a_page_that_begins_with_a_rule_keeps_its_text(text: str) -> None:
    assert parted(text) == ("", text)


@pytest.mark.parametrize("text", ["---\n{}---\n", "+++\na = {}\n+++\n"], ids=["yaml", "toml"])
def test_brackets_in_brackets_end_nothing(text: str) -> None:
    page = text.format("[b,\n" * 4000)
    assert parted(page) == ("", page)
