"""A PDF becomes sections at its bookmarks, or at its pages; what cannot be read is an error."""

import io

import pypdf
import pytest
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from include.assistant.documents.parsing.pdf_pages import sections_of


def pdf(*pages: str, marks: tuple[tuple[str, int], ...] = (), password: str = "") -> bytes:
    """A document whose pages have these lines."""
    writer = pypdf.PdfWriter()
    writer.add_metadata({"/Title": "Runbook"})
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
    if password:
        writer.encrypt(password, algorithm="RC4-128")
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
