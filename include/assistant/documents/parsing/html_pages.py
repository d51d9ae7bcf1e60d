"""HTML into sections: what stands in the main part of a page, without menus and scripts."""

from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PreformattedString, Tag

from include.assistant.documents.parsing.sections import Block, Outline, Section, one_line
from include.assistant.documents.parsing.words import words

HIDDEN = words(
    "script style template noscript svg head nav footer form iframe object embed button select "
    "dialog aside"
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = words(
    "p li dt dd tr blockquote figcaption caption summary address div section article main body "
    "ul ol dl table thead tbody tfoot details figure header html"
)
CODE = words("pre textarea listing")
MAIN = ("main", "[role=main]", "article")
UNSEEN = ("display:none", "visibility:hidden")


def sections_of(text: str) -> list[Section]:
    """The sections of a page."""
    soup = BeautifulSoup(text, "html.parser")
    outline = Outline()
    main = main_of(soup)
    if main is not soup and main.h1 is None and (title := title_above(soup)):
        outline.heading(1, title)
    walk(main, outline)
    if soup.title and not any(section.titles for section in outline.sections):
        named = Outline()
        named.heading(1, soup.title.get_text())
        named.sections[-1].blocks.extend(outline.sections[0].blocks)
        return named.sections
    return outline.sections


def main_of(soup: Tag) -> Tag:
    """The main part of a page; all of it where nothing says which part that is."""
    for place in MAIN:
        found = [one for one in soup.select(place) if is_seen(one)]
        # An article may hold others, such as what was said of it.
        known = set(map(id, found))
        outer = [one for one in found if not any(id(above) in known for above in one.parents)]
        if outer:
            return outer[0] if len(outer) == 1 else soup
    return soup


def title_above(soup: Tag) -> str:
    """The first heading of a page that is seen."""
    return next((without_link(one) for one in soup.find_all("h1") if is_seen(one)), "")


def is_seen(element: Tag) -> bool:
    """Whether nothing hides an element or what it is in."""
    return all(shown(one) for one in (element, *element.parents))


def walk(node: Tag, outline: Outline) -> None:
    """Add the headings and blocks below an element, in their order."""
    held: list[str] = []

    def finish() -> None:
        outline.add("".join(held))
        held.clear()

    for child in node.children:
        if isinstance(child, PreformattedString) or not shown(child):
            continue  # comments and declarations
        if isinstance(child, NavigableString):
            held.append(str(child))
        elif isinstance(child, Tag):
            if child.name in HEADINGS:
                finish()
                outline.heading(HEADINGS[child.name], without_link(child))
            elif child.name in CODE:
                finish()
                outline.add(child.get_text(), code=True)
            elif child.name == "tr":
                finish()
                cells = [words_in(cell) for cell in child.find_all(["td", "th"], recursive=False)]
                outline.add(" | ".join(filter(None, cells)))
            elif child.name in BLOCKS:
                finish()
                before = len(outline.sections[-1].blocks)
                walk(child, outline)
                mark_item(child, outline, before)
            else:
                held += [*seen_in(child), " " if child.name == "br" else ""]
    finish()


def mark_item(element: Tag, outline: Outline, before: int) -> None:
    """Show that a block is the item of a list."""
    blocks = outline.sections[-1].blocks
    if element.name == "li" and len(blocks) > before and not blocks[before].code:
        blocks[before] = Block(f"- {blocks[before].text}")


def shown(node: object) -> bool:
    """Whether a reader sees an element."""
    if not isinstance(node, Tag):
        return True
    style = str(node.get("style") or "").replace(" ", "").lower()
    seen = node.name not in HIDDEN and not node.has_attr("hidden")
    return seen and not any(way in style for way in UNSEEN)


def without_link(heading: Tag) -> str:
    """The words of a heading without the sign that links to it."""
    return one_line(words_in(heading)).rstrip("¶#").strip()


def words_in(element: Tag) -> str:
    """All text of an element that is seen."""
    return one_line("".join(seen_in(element)))


def seen_in(element: Tag) -> Iterator[str]:
    """The texts in an element that are seen."""
    for child in element.children:
        if isinstance(child, Tag):
            if shown(child):
                yield from seen_in(child)
                yield " " if child.name in BLOCKS or child.name == "br" else ""
        elif not isinstance(child, PreformattedString):
            yield str(child)
