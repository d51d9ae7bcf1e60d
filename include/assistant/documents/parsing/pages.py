"""A page, in whatever format it is written, as sections."""

import codecs
from collections.abc import Callable, Mapping

from include.assistant.documents.parsing.sections import Section

Sections = list[Section]
RST = ("rst", "txt")  # how the names of pages in reStructuredText end
HTML = ("html", "htm")
LATIN_1 = ("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii")
MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # at the start of a text in UTF-16


def sections_of(path: str, data: bytes, titles: Mapping[str, str]) -> Sections:
    """The sections of a page.

    Args:
        path: its name ends in the format: .rst, .md, .html, .pdf or .yml.
        titles: of what it refers to; see references.py.

    Raises:
        ValueError: it is not written in that format, or nothing reads the format.
    """
    try:
        return read(ending_of(path), data, titles)
    except RecursionError:
        raise ValueError("its parts are nested too deeply") from None


def read(ending: str, data: bytes, titles: Mapping[str, str]) -> Sections:
    """The sections of a page of a format."""
    if ending == "pdf":
        from include.assistant.documents.parsing import pdf_pages

        return pdf_pages.sections_of(data)
    if ending in RST:
        from include.assistant.documents.parsing import plain_pages, rst_pages

        text = text_of(data)
        if ending == "txt" and plain_pages.is_plain(text):
            return plain_pages.sections_of(text)
        return rst_pages.sections_of(text, titles)
    return reader_of(ending)(text_of(data, declared=ending in HTML))


def ending_of(path: str) -> str:
    """The format of a page, by its name."""
    return path.rpartition(".")[2].lower()


def text_of(data: bytes, declared: bool = False) -> str:
    """The text of a page, with line ends of one kind.

    Args:
        declared: whether it may say in itself how its letters are written.

    Raises:
        ValueError: it is neither UTF-8 nor what it says that it is.
    """
    try:
        text = data.decode("utf-16" if data.startswith(MARKS) else "utf-8-sig")
    except UnicodeDecodeError as error:
        if not declared or not (said := encoding_in(data)):
            raise ValueError(f"it is not UTF-8 at byte {error.start:,}") from None
        text = decoded(data, said)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def encoding_in(data: bytes) -> str:
    """How the letters of a page in HTML are written, as it says; empty if it does not."""
    from bs4.dammit import EncodingDetector

    return EncodingDetector.find_declared_encoding(data, is_html=True) or ""


def decoded(data: bytes, encoding: str) -> str:
    """A text whose letters are written so.

    Raises:
        ValueError: they are not, or nobody knows how that is.
    """
    # Browsers read Latin-1 as Windows-1252, which has quotes and dashes where that has nothing.
    name = "cp1252" if encoding.lower() in LATIN_1 else encoding
    try:
        return data.decode(name)
    except (UnicodeError, LookupError):
        raise ValueError(f"it is neither UTF-8 nor {encoding!r}, as it says") from None


def reader_of(ending: str) -> Callable[[str], Sections]:
    """What reads the texts of a format; the others are not loaded."""
    if ending in ("md", "markdown"):
        from include.assistant.documents.parsing import md_pages

        return md_pages.sections_of
    if ending in HTML:
        from include.assistant.documents.parsing import html_pages

        return html_pages.sections_of
    if ending in ("yml", "yaml"):
        from include.assistant.documents.parsing import options_pages

        return options_pages.sections_of
    raise ValueError(f"pages that end in .{ending} are not read")
