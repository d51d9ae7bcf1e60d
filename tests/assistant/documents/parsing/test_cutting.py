"""A page becomes rows of the table of passages, and what is left out is counted."""

import pytest
from assistant_documents import words

from include.assistant import passages
from include.assistant.documents.parsing.cutting import Cut, Page, Said, cut_page
from include.assistant.documents.parsing.passing import Size
from include.errors import DataError

SAID = Said("notes", "Notes", "MIT", "https://notes.example/{page}.html")
FAQ = """\
FAQ
===

Empty
-----

Why?
----

Ask jane@gmail.com.

Warum?
------

Der Worker verbindet sich mit dem Broker und holt dort seine Aufgaben ab. Wenn die Verbindung
abbricht, versucht er es nach einigen Sekunden noch einmal, bis der Broker wieder antwortet.
"""


def cut(text: str, path: str = "how/faq.rst", said: Said = SAID, most: int = 50) -> Cut:
    return cut_page(text.encode(), Page(path, said), Size(most, 2000), words)


def test_a_section_becomes_rows_and_the_rest_is_counted() -> None:
    found = cut(FAQ)
    assert found.counts == {
        "sections": 4,
        "sections_without_text": 2,
        "sections_other_language": 1,
        "includes": 0,
        "problems": 0,
        "passages": 1,
        "masked": 1,
    }
    [row] = found.rows
    assert list(row) == list(passages.SCHEMA)
    assert row["titles"] == ["Notes", "FAQ", "Why?"]
    assert row["text"] == "Ask [email removed]."
    assert (row["position"], row["masked"], row["licence"]) == (0, 1, "MIT")
    assert row["url"] == "https://notes.example/how/faq.html"
    assert row["tokens"] == words("Notes > FAQ > Why?\nAsk [email removed].")


def test_what_is_not_as_the_format_wants_it_is_counted() -> None:
    table = "=====  =====\none    two\n=====  =====\nfar over it  x\n=====  =====\n"
    found = cut(f"Lead.\n\nA\n=\n\n{table}\nB\n=\n\nText.\n")
    assert found.counts["problems"] == 1 and found.counts["passages"] == 3


def test_the_source_is_not_named_twice() -> None:
    [row] = cut("The notes FAQ\n=============\n\nText.\n").rows
    assert row["titles"] == ["The notes FAQ"]


def test_a_page_without_a_heading_is_called_as_its_file() -> None:
    [row] = cut("Text.\n", path="how/on-call_guide.md").rows
    assert row["titles"] == ["Notes", "On call guide"]


def test_an_id_says_where_a_passage_stands_and_what_it_says() -> None:
    [one], [same], [moved], [changed] = (
        cut(text, path).rows
        for text, path in [
            ("# A\n\nText.", "a.md"),
            ("# A\n\nText.", "a.md"),
            ("# A\n\nText.", "b.md"),
            ("# A\n\nText!", "a.md"),
        ]
    )
    assert one == same
    assert len({one["id"], moved["id"], changed["id"]}) == 3
    assert one["section"] == changed["section"] != moved["section"]


@pytest.mark.parametrize(
    ("path", "url", "expected"),
    [
        ("a/b.md", "https://n.example/{page}/", "https://n.example/a/b/"),
        ("index.md", "https://n.example/{page}/", "https://n.example/"),
        ("a/index.md", "https://n.example/{page}/", "https://n.example/a/"),
        ("docs/a.md", "{path}", "docs/a.md"),
        ("a/b.rst", "https://n.example/{page}.html", "https://n.example/a/b.html"),
        ("ü #1.md", "https://n.example/{page}.html", "https://n.example/%C3%BC%20%231.html"),
        ("ü #1.md", "{path}", "ü #1.md"),
    ],
)
def test_a_page_is_where_people_read_it(path: str, url: str, expected: str) -> None:
    [row] = cut("Text.", path, Said("notes", "Notes", "MIT", url)).rows
    assert row["url"] == expected


@pytest.mark.parametrize(
    ("path", "data", "problem"),
    [
        ("a.md", b"caf\xe9", "it is not UTF-8 at byte 3"),
        ("a.docx", b"", "pages that end in .docx are not read"),
        ("a.pdf", b"", "it is not a PDF that can be read"),
        ("a.yml", b"- 1", "it is not a list of options in YAML"),
        ("a.html", b"<div>" * 3000 + b"x", "its parts are nested too deeply"),
    ],
)
def test_a_page_that_cannot_be_read_is_an_error(path: str, data: bytes, problem: str) -> None:
    with pytest.raises(DataError) as raised:
        cut_page(data, Page(path, SAID), 50, words)
    said = str(raised.value)
    assert said.startswith(f"The page {path} of notes cannot be read: {problem}")
    assert said.endswith("\n  Next: leave it out of sources.notes in sources.yaml, or mend it.")


def test_what_is_personal_is_masked_above_each_part_of_a_table() -> None:
    rows = "".join(f"| {word} " * 2 + "|\n" for word in ("one", "two", "three"))
    found = cut(f"# A\n\n| jane@gmail.com | b |\n|---|---|\n{rows}", "a.md", most=16)
    assert [row["text"].split("\n")[0] for row in found.rows] == ["[email removed] | b"] * 2


def test_a_heading_below_the_text_is_not_its_title() -> None:
    found = cut("Run the widgets.\n\n## Licence\n\nMIT\n", "read_me.md")
    assert [row["titles"] for row in found.rows] == [
        ["Notes", "Read me"],
        ["Notes", "Read me", "Licence"],
    ]
    found = cut("A badge.\n\n# Widgets\n\nText.\n", "read_me.md")
    assert [row["titles"] for row in found.rows] == [["Notes", "Widgets"]] * 2
