"""HTML into sections: what stands in the main part of a page, without menus and scripts."""

import re
from collections.abc import Iterator

from bs4.element import NavigableString, PreformattedString, Tag

from include.assistant.documents.parsing.html_tree import BLOCKS, CODE, HEADINGS, PARTS, Tree
from include.assistant.documents.parsing.sections import Block, Outline, Section, one_line, row
from include.assistant.documents.parsing.words import words

HIDDEN = words(
    "script style template noscript svg head nav footer form iframe object embed button select "
    "dialog aside"
)
PAGE = words("html body")  # hidden until a script shows them
MARKS = words("linenos linenodiv lineno headerlink")  # classes of what a page numbers and links by
XML = re.compile(r"\A\s*<\?xml\b[^>]*\?>")  # begins a page in XHTML, which is read as any other
MAIN = ("main", "[role=main]")
ARTICLE_SHARE = 0.75  # of the words of a page that its only article has to be its main part
UNSEEN = ("display:none", "visibility:hidden")


def sections_of(text: str) -> list[Section]:
    """The sections of a page.

    Raises:
        ValueError: its elements are nested too deeply.
    """
    soup = Tree(XML.sub("", text))
    outline = Outline()
    main = main_of(soup)
    if main is not soup and main.h1 is None and (title := title_above(soup)):
        outline.heading(1, title)
    walk(main, soup, outline)
    if soup.title and not any(section.titles for section in outline.sections):
        named = Outline()
        named.heading(1, soup.title.get_text())
        named.sections[-1].blocks.extend(outline.sections[0].blocks)
        return named.sections
    return outline.sections


def add(text: str, outline: Outline) -> None:
    """Add the headings and blocks of a piece of HTML that stands in another page."""
    tree = Tree(text)
    walk(tree, tree, outline)


def main_of(soup: Tag) -> Tag:
    """The main part of a page; all of it where nothing says which part that is."""
    for place in MAIN:
        if found := outermost(soup, place):
            return found[0] if len(found) == 1 else soup
    articles = outermost(soup, "article")
    return articles[0] if len(articles) == 1 and is_most(articles[0], soup) else soup


def is_most(article: Tag, soup: Tag) -> bool:
    """Whether an article is the page, with the heading above it, and no card on it."""
    kept = words_in(article) if article.h1 else f"{title_above(soup)} {words_in(article)}"
    return len(kept.split()) >= ARTICLE_SHARE * len(words_in(soup).split())


def outermost(soup: Tag, place: str) -> list[Tag]:
    """The elements of a place that are seen; an article may hold others, such as replies."""
    found = [one for one in soup.select(place) if is_seen(one)]
    known = set(map(id, found))
    return [one for one in found if not any(id(above) in known for above in one.parents)]


def title_above(soup: Tag) -> str:
    """The first heading of a page that is seen."""
    return next((without_link(one) for one in soup.find_all("h1") if is_seen(one)), "")


def is_seen(element: Tag) -> bool:
    """Whether nothing hides an element or what it is in."""
    return all(shown(one) for one in (element, *element.parents))


def walk(node: Tag, tree: Tree, outline: Outline) -> None:
    """Add the headings and blocks below an element of a tree, in their order."""
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
                if title := without_link(child):
                    outline.heading(HEADINGS[child.name], title)
            elif child.name in CODE:
                finish()
                outline.add(code_in(child), code=True)
            elif is_row(child):
                finish()
                outline.add(row(cells_of(child)), head=head_of(child))
            elif child.name in BLOCKS or tree.holds_parts(child):
                finish()
                before = len(outline.sections[-1].blocks)
                walk(child, tree, outline)
                mark_item(child, outline, before)
            else:
                held += [blank(child), *seen_in(child), blank(child)]
    finish()


def is_row(element: Tag) -> bool:
    """Whether the cells of a row are values: others only say where on the page parts stand."""
    cells = element.name == "tr" and element.find(["td", "th"], recursive=False)
    return bool(cells) and element.find([*CODE, *HEADINGS, "table"]) is None


def head_of(line: Tag) -> str:
    """The row above another one that names the columns of their table; empty if none does."""
    table = line.find_parent("table")
    first = table.find("tr") if table else None
    if not isinstance(first, Tag) or first is line or first.find("td", recursive=False):
        return ""
    return row(cells_of(first))


def cells_of(line: Tag) -> list[str]:
    """The texts of the cells of a row; one that is as wide as two is followed by an empty one."""
    cells: list[str] = []
    for cell in line.find_all(["td", "th"], recursive=False):
        wide = str(cell.get("colspan") or "1")
        more = int(wide) - 1 if re.fullmatch(r"[1-9]\d?", wide) else 0
        cells += [words_in(cell) if shown(cell) else "", *[""] * more]
    return cells


def mark_item(element: Tag, outline: Outline, before: int) -> None:
    """Show that a block is the item of a list."""
    blocks = outline.sections[-1].blocks
    if element.name == "li" and len(blocks) > before and not blocks[before].code:
        blocks[before] = Block(f"- {blocks[before].text}")


def shown(node: object) -> bool:
    """Whether a reader sees an element."""
    if not isinstance(node, Tag):
        return True
    if node.name in PAGE:
        return True
    if node.name == "form" and node.find(["h1", "main", "article"]):
        return True  # some servers put all of a page into a form
    style = str(node.get("style") or "").replace(" ", "").lower()
    seen = node.name not in HIDDEN and not node.has_attr("hidden")
    marks = MARKS.intersection(node.get_attribute_list("class"))
    return seen and not marks and not any(way in style for way in UNSEEN)


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
                yield blank(child)
                yield from seen_in(child)
                yield blank(child)
        elif not isinstance(child, PreformattedString):
            yield str(child)


def blank(element: Tag) -> str:
    """What stands around an element in a line: a blank where it is no part of a word."""
    apart = element.name == "br" or element.name in PARTS or "-" in element.name
    return " " if apart else ""


def code_in(element: Tag) -> str:
    """The lines of a piece of code that are seen."""
    text = ""
    for child in element.children:
        if isinstance(child, Tag):
            line_ends = child.name == "br" or child.name in BLOCKS
            text += code_in(child) if shown(child) else ""
            text += "\n" if line_ends and not (child.contents and text.endswith("\n")) else ""
        elif not isinstance(child, PreformattedString):
            text += str(child)
    return text
