"""A PDF becomes sections at its bookmarks, or at its pages; what cannot be read is an error."""

import io

import pypdf
import pytest
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from include.assistant.documents.parsing.pdf_pages import sections_of


def pdf(
    *pages: str,
    marks: tuple[tuple[str, int], ...] = (),
    password: str | None = None,
    title: str = "Runbook",
) -> bytes:
    """A document whose pages have these lines."""
    writer = pypdf.PdfWriter()
    writer.add_metadata({"/Title": title})
    kind = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    font = DictionaryObject({NameObject(k): NameObject(v) for k, v in kind.items()})
    for text in pages:
        page = writer.add_blank_page(300, 300)
        fonts = DictionaryObject({NameObject("/F"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        lines = "".join(f"({line}) Tj 0 -20 Td " for line in text.split("\n"))
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F 12 Tf 20 260 Td {lines}ET".encode())
        page[NameObject("/Contents")] = writer._add_object(stream)
    for title, number in marks:
        writer.add_outline_item(title=title, page_number=number)
    if password is not None:
        writer.encrypt(password, "owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def told(data: bytes) -> list[tuple[tuple[str, ...], list[str]]]:
    return [(s.titles, [b.text for b in s.blocks]) for s in sections_of(data) if s.titles]


def test_bookmarks_are_headings() -> None:
    data = pdf(
        "Lead.\nAlarm\nCall me.", "More.\nRoll back\nDo it.", marks=(("Alarm", 0), ("Roll back", 1))
    )
    assert told(data) == [
        (("Runbook",), ["Lead."]),
        (("Runbook", "Alarm"), ["Call me.", "More."]),
        (("Runbook", "Roll back"), ["Do it."]),
    ]


def test_a_bookmark_is_a_heading_where_it_is_a_whole_line() -> None:
    data = pdf(
        "The Logger writes. Log\nSee Logging below.\n2.1 Logging\nTo a file.\nLog\nOf all.",
        "Here the Roll back ends.",
        marks=(("Logging", 0), ("Log", 0), ("Roll back", 1)),
    )
    assert told(data) == [
        (("Runbook",), ["The Logger writes. Log See Logging below."]),
        (("Runbook", "Logging"), ["To a file."]),
        (("Runbook", "Log"), ["Of all."]),
        (("Runbook", "Roll back"), ["Here the Roll back ends."]),
    ]


def test_without_bookmarks_a_page_is_a_section_and_its_head_and_foot_are_dropped() -> None:
    data = pdf(
        *(f"Runbook 2026\nText {word} exam-\nple.\n{n} of 4" for n, word in enumerate("abcd", 1))
    )
    assert told(data)[1:3] == [
        (("Runbook", "Page 1"), ["Text a example."]),
        (("Runbook", "Page 2"), ["Text b example."]),
    ]


@pytest.mark.parametrize(
    "foot",
    [
        "{}",
        "- {} -",
        "Page {} of 4",
        "Manual of ACME, page {}",
        "Manual | {}",
        "{} | Manual",
        "ACME",
    ],
)
def test_the_foot_of_a_page_is_its_number_or_what_all_pages_say(foot: str) -> None:
    data = pdf(*(f"Text {word}.\n{foot.format(n)}" for n, word in enumerate("abcd", 7)))
    assert [texts for _, texts in told(data)] == [[], *([f"Text {word}."] for word in "abcd")]


@pytest.mark.parametrize("line", ["Step {}", "Release 1.{}", "Price: {} EUR", "404", "1.{}"])
def test_lines_with_other_numbers_stay_at_the_ends_of_pages(line: str) -> None:
    lines = [line.format(n) for n in range(1, 5)]
    data = pdf(*(f"{it}\nIt is said of {it}.\n{it}" for it in lines))
    assert [texts for _, texts in told(data)[1:]] == [
        [f"{a} It is said of {a}. {a}"] for a in lines
    ]


def test_values_that_stand_in_lines_of_their_own_stay() -> None:
    data = pdf(*(f"Workers of {word}\n{n}\nand more.\n{n}" for n, word in enumerate("abcd", 1)))
    assert told(data)[1][1] == ["Workers of a 1 and more."]


def test_a_hyphen_stays_where_the_document_has_it_in_a_line() -> None:
    data = pdf("A well-\nknown docu-\nment, not RFC-\n9110.", "All are Well-known.")
    assert [texts for _, texts in told(data)[1:]] == [
        ["A well-known document, not RFC-9110."],
        ["All are Well-known."],
    ]


def test_a_document_of_one_page_is_one_section() -> None:
    assert told(pdf("Text.")) == [(("Runbook",), ["Text."])]
    [section] = sections_of(pdf("Text.", title=""))
    assert section.titles == ()  # the name of its file is put there


def test_a_document_that_opens_without_a_password_is_read() -> None:
    assert told(pdf("Text.", password="")) == [(("Runbook",), ["Text."])]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"no pdf", "it is not a PDF that can be read"),
        (pdf("x", password="secret"), "it is locked by a password"),
        (pdf(""), "none of its 1 pages has text; pictures are not read"),
    ],
    ids=["other bytes", "locked", "pictures"],
)
def test_what_cannot_be_read_says_why(data: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        sections_of(data)
