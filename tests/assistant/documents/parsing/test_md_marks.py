"""Marks that CommonMark takes for words are made plain, and words stay as they are."""

import pytest

from include.assistant.documents.parsing.md_pages import sections_of


def blocks(text: str) -> list[str]:
    [section] = sections_of(text)
    return [("|" if block.code else "") + block.text for block in section.blocks]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (":::tip\nUse *it*.\n:::\n", ["Tip: Use it."]),
        ("::: warning My Title\n\nUse it.\n\n:::\n", ["My Title:", "Use it."]),
        (":::note[My Title]\nUse it.\n:::\n", ["My Title: Use it."]),
        (":::{note}\n:class: x\n\nUse it.\n:::\n", ["Note: Use it."]),
        ("::: {.columns}\nUse it.\n:::\n", ["Use it."]),
        (":::{code-block} python\na = 1\n\nb = 2\n:::\n", ["|a = 1\n\nb = 2"]),
        ("::::{note}\n:::{tip}\nUse it.\n:::\nThen.\n::::\n", ["Note: Tip: Use it.", "Then."]),
        ("::::note\n:::tip\nUse it.\n:::\n::::\n", ["Note:", "Tip: Use it."]),
        ("> [!NOTE]\n> Use it.\n", ["Note: Use it."]),
    ],
    ids=[
        "tip",
        "title",
        "title in brackets",
        "myst",
        "classes",
        "code",
        "nested",
        "both",
        "github",
    ],
)
def test_notes_are_paragraphs(text: str, shown: list[str]) -> None:
    assert blocks(f"{text}\nAfter.\n") == [*shown, "After."]


def test_what_only_a_program_reads_is_left_out() -> None:
    text = (
        'import Tabs from "@theme/Tabs";\nimport "./x.css"\n\n(label-1)=\n% a remark\n+++\n'
        "Text.\n\n+++\n\n(label-2)=\n"
    )
    assert blocks(text) == ["Text."]


@pytest.mark.parametrize(
    "text",
    [
        "::: package.module\n\nText.\n",
        "Text.\n\n:::\n",
        "It is 10\n% of all.\n",
        "Sum\n(x)=\ny\n",
        "import this from there\n",
        "```\n:::tip\na\n:::\n% a\n(b)=\n> [!NOTE]\n```\n",
    ],
    ids=["name", "end", "share", "sum", "words", "code"],
)
def test_words_stay(text: str) -> None:
    kept = " ".join(blocks(text)).replace("\n", " ").lstrip("|")
    assert kept == " ".join(text.replace("```", "").split())
