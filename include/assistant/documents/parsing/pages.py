"""A page, in whatever format it is written, as sections."""

from collections.abc import Callable

from include.assistant.documents.parsing.sections import Section

Sections = list[Section]


def sections_of(path: str, data: bytes) -> Sections:
    """The sections of a page.

    Args:
        path: its name ends in the format: .rst, .md, .html, .pdf or .yml.

    Raises:
        ValueError: it is not written in that format, or nothing reads the format.
    """
    ending = path.rpartition(".")[2].lower()
    if ending == "pdf":
        from include.assistant.documents.parsing import pdf_pages

        return pdf_pages.sections_of(data)
    reader = reader_of(ending)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 at byte {error.start:,}") from None
    return reader(text.replace("\r\n", "\n").replace("\r", "\n"))


def reader_of(ending: str) -> Callable[[str], Sections]:
    """What reads the texts of a format; the others are not loaded."""
    if ending in ("rst", "txt"):
        from include.assistant.documents.parsing import rst_pages

        return rst_pages.sections_of
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
