"""A page, in whatever format it is written, as sections."""

from collections.abc import Callable, Mapping

from include.assistant.documents.parsing.sections import Section

Sections = list[Section]
RST = ("rst", "txt")  # how the names of pages in reStructuredText end


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
        from include.assistant.documents.parsing import rst_pages

        return rst_pages.sections_of(text_of(data), titles)
    return reader_of(ending)(text_of(data))


def ending_of(path: str) -> str:
    """The format of a page, by its name."""
    return path.rpartition(".")[2].lower()


def text_of(data: bytes) -> str:
    """The text of a page, with line ends of one kind.

    Raises:
        ValueError: it is not UTF-8.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 at byte {error.start:,}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def reader_of(ending: str) -> Callable[[str], Sections]:
    """What reads the texts of a format; the others are not loaded."""
    if ending in ("md", "markdown"):
        from include.assistant.documents.parsing import md_pages

        return md_pages.sections_of
    if ending in ("html", "htm"):
        from include.assistant.documents.parsing import html_pages

        return html_pages.sections_of
    if ending in ("yml", "yaml"):
        from include.assistant.documents.parsing import options_pages

        return options_pages.sections_of
    raise ValueError(f"pages that end in .{ending} are not read")
