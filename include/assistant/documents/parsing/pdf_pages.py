"""PDF into sections: by its bookmarks if it has some, or else a section a page."""

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from include.assistant.documents.parsing.sections import Outline, Section, one_line

MOST_PAGES = 5_000
NUMBER = r"\d+(?:\.\d+)*\.?"  # of a heading
REPEATED = 0.5  # share of the pages that begin or end with a line which is no text of theirs
CUT = re.compile(r"\b(\w*[a-z])-\n([a-z]\w*)")
HYPHENED = re.compile(r"\b\w+-\w+")
LONGEST = 200  # characters of a head or foot
# The number of a page stands alone, after that word, or beside a sign that parts it from a title.
NUMBERED = re.compile(
    r"((?:.*(?:\b(?:page|pg\.?|p\.)|[|·•–—]))?\W*)(\d{1,5})"
    r"((?:\s*(?:of|/)\s*\d+)?\s*(?:[|·•–—].*|\W*))",
    re.IGNORECASE,
)


def sections_of(data: bytes) -> list[Section]:
    """The sections of a document.

    Raises:
        ValueError: it is damaged or locked, or has no text but only pictures.
    """
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.ERROR)
    try:
        held = pypdf.PdfReader(io.BytesIO(data))
        # Most that are encrypted only forbid to print or to copy, and open without a password.
        if held.is_encrypted and not held.decrypt(""):
            raise ValueError("it is locked by a password")
        if len(held.pages) > MOST_PAGES:
            raise ValueError(f"it has {len(held.pages):,} pages; at most {MOST_PAGES:,} are read")
        texts = [page.extract_text() or "" for page in held.pages]
        marks = sorted(bookmarks(held, held.outline, 1), key=lambda mark: mark[0])
        title = one_line((held.metadata and held.metadata.title) or "")
    except (
        pypdf.errors.PyPdfError,
        OSError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise ValueError(f"it is not a PDF that can be read ({error})") from None
    if not any(text.strip() for text in texts):
        raise ValueError(f"none of its {len(texts)} pages has text; pictures are not read")
    return outline_of(title, with_whole_words(without_heads(texts)), marks)


def bookmarks(held: Any, entries: Sequence[Any], level: int) -> Iterator[tuple[int, int, str]]:
    """Page, level and title of each bookmark."""
    for entry in entries:
        if isinstance(entry, list):
            yield from bookmarks(held, entry, level + 1)
        else:
            page = held.get_destination_page_number(entry)
            if page is not None and page >= 0 and entry.title:
                yield page, level, one_line(str(entry.title))


def outline_of(title: str, texts: list[str], marks: list[tuple[int, int, str]]) -> list[Section]:
    """Sections under the title of the document: where bookmarks are, or by page."""
    outline = Outline()
    if title:
        outline.heading(1, title)
    for number, text in enumerate(texts):
        own = [(level, name) for page, level, name in marks if page == number]
        if not marks and len(texts) > 1:
            outline.heading(2, f"Page {number + 1}")
        for level, name in own:
            before, text = split_at(text, name)
            add_paragraphs(before, outline)
            outline.heading(level + 1, name)
        add_paragraphs(text, outline)
    return outline.sections


def split_at(text: str, name: str) -> tuple[str, str]:
    """The text before a heading and after it; all is after, where no lines are that heading.

    A sentence may hold its words too. Its number may stand before it in the text alone.
    """
    words = r"\s+".join(map(re.escape, name.split()))
    found = re.search(rf"^[ \t]*(?:{NUMBER}[ \t]+)?{words}[ \t]*$", text, re.MULTILINE)
    return (text[: found.start()], text[found.end() :]) if found else ("", text)


def add_paragraphs(text: str, outline: Outline) -> None:
    """Add the paragraphs of a page."""
    for paragraph in re.split(r"\n\s*\n", text):
        outline.add(paragraph)


def with_whole_words(texts: list[str]) -> list[str]:
    """The pages without the hyphens that cut words at the ends of lines.

    A hyphen stays before a number or a capital, and where the document has it within a line.
    """
    own = {word.lower() for text in texts for word in HYPHENED.findall(text)}

    def joined(found: re.Match[str]) -> str:
        hyphened = f"{found[1]}-{found[2]}"
        return hyphened if hyphened.lower() in own else found[1] + found[2]

    return [re.sub(r"(?<=\w)-\n(?=\w)", "-", CUT.sub(joined, text)) for text in texts]


def without_heads(texts: list[str]) -> list[str]:
    """The pages without the line that begins or ends most of them: their heads and feet."""
    if len(texts) < 4:
        return texts
    pages = [text.strip().split("\n") for text in texts]
    ends = Counter(
        key
        for number, lines in enumerate(pages)
        for key in {same_on_all(line, number) for line in (lines[0], lines[-1])}
    )
    heads = {key for key, found in ends.items() if key and found > REPEATED * len(texts)}
    for number, lines in enumerate(pages):
        for at in (-1, 0):
            if lines and same_on_all(lines[at], number) in heads:
                del lines[at]
    return ["\n".join(lines) for lines in pages]


def same_on_all(line: str, page: int) -> str:
    """What a head or foot has in common on all pages: its words, and how far off its number is.

    Empty for what is none: a number that does not count the pages is a value.
    """
    line = line.strip()
    numbered = NUMBERED.fullmatch(line) if len(line) <= LONGEST else None
    if numbered:
        before, number, after = numbered.groups()
        return f"{before}{int(number) - page:+}{after}"
    return line if re.search(r"[^\W\d_]", line) else ""
