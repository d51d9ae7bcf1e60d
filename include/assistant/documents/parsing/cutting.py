"""One page into rows of the table of passages."""

import hashlib
from dataclasses import dataclass
from typing import Any

from include.assistant.documents.parsing import languages, pages, personal
from include.assistant.documents.parsing.passing import Count, fitting, pieces
from include.assistant.documents.parsing.sections import Block, Section, under_page
from include.errors import DataError

COUNTED = ("sections", "sections_without_text", "sections_other_language", "problems")


@dataclass(frozen=True)
class Said:
    """What is said of a source."""

    source: str
    title: str
    licence: str
    url: str


@dataclass(frozen=True)
class Cut:
    """The passages of a page, and what was counted on the way."""

    rows: list[dict[str, Any]]
    counts: dict[str, int]


def cut_page(data: bytes, path: str, said: Said, most: int, count: Count) -> Cut:
    """The passages of a page.

    Args:
        data: its bytes.
        path: in its source.
        most: tokens that a passage may have.
        count: tokens of a text.

    Raises:
        DataError: it is not what its name says.
    """
    try:
        found = under_page(pages.sections_of(path, data), page_title(path))
    except ValueError as error:
        raise DataError(
            f"The page {path} of {said.source} cannot be read: {error}.",
            f"leave it out of fetch_docs.sources.{said.source} in params.yaml, or mend it.",
        ) from None
    rows: list[dict[str, Any]] = []
    counts = dict.fromkeys(COUNTED, 0)
    for place, section in enumerate(found):
        counts["sections"] += 1
        counts["problems"] += section.problems
        if not section.blocks:
            counts["sections_without_text"] += 1
        elif not languages.is_english(section.blocks):
            counts["sections_other_language"] += 1
        else:
            rows += rows_of(section, place, path, said, most, count)
    counts["passages"] = len(rows)
    counts["masked"] = sum(row["masked"] for row in rows)
    return Cut(rows, counts)


def rows_of(
    section: Section, place: int, path: str, said: Said, most: int, count: Count
) -> list[dict[str, Any]]:
    """The passages of a section."""
    titles = fitting([personal.masked(title) for title in section.titles], most, count)
    blocks = [Block(personal.masked(block.text), block.code) for block in section.blocks]
    identity = name(said.source, path, place)
    return [
        {
            "id": name(identity, position, *titles, piece.text),
            "source": said.source,
            "page": path,
            "section": identity,
            "titles": titles,
            "position": position,
            "text": piece.text,
            "tokens": piece.tokens,
            "licence": said.licence,
            "url": url_of(said.url, path),
            "masked": personal.marks(piece.text) + sum(map(personal.marks, titles)),
        }
        for position, piece in enumerate(pieces(titles, blocks, most, count))
    ]


def name(*parts: object) -> str:
    """16 hex digits of what something is made of."""
    digest = hashlib.sha256()
    for part in parts:
        text = str(part).encode("utf-8", "surrogatepass")
        digest.update(len(text).to_bytes(8, "big") + text)
    return digest.hexdigest()[:16]


def page_title(path: str) -> str:
    """What a page without a heading is called: the name of its file."""
    stem = path.rpartition("/")[2].rpartition(".")[0] or path
    words = stem.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def url_of(url: str, path: str) -> str:
    """Where people read a page; the address of an index ends in that of its folder."""
    page = path.rpartition(".")[0] or path
    if url.endswith("{page}/") and f"/{page}".endswith("/index"):
        return url.removesuffix("{page}/") + page.removesuffix("index")
    return url.replace("{path}", path).replace("{page}", page)
