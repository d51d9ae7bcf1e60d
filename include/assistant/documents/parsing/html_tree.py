"""HTML as a tree in which elements end where their end tags may be left out."""

from typing import Any

from bs4 import BeautifulSoup
from bs4.element import Tag

from include.assistant.documents.parsing.words import words

HEADINGS = {f"h{level}": level for level in range(1, 7)}
CODE = words("pre textarea listing")
BLOCKS = words(
    "p li dt dd tr td th blockquote figcaption caption summary address div section article main "
    "body ul ol dl menu table thead tbody tfoot details figure header html hr center fieldset "
    "legend hgroup search"
)
PARTS = BLOCKS | CODE | frozenset(HEADINGS)  # what never stands in a line of text
ROWS = words("thead tbody tfoot tr td th")
# What a start tag ends, and what it is looked for in (section 13.1.2.4 of the HTML standard).
ENDS = {
    "li": (words("li"), words("ul ol menu")),
    **dict.fromkeys(("dt", "dd"), (words("dt dd"), words("dl"))),
    **dict.fromkeys(("td", "th"), (words("td th"), words("tr table"))),
    "tr": (words("tr td th"), words("table")),
    **dict.fromkeys(("thead", "tbody", "tfoot"), (ROWS, words("table"))),
}
PARAGRAPH = (words("p"), words("table td th caption button object"))
DEEPEST = 900  # levels


class Tree(BeautifulSoup):
    """A page as html.parser reads it, which by itself waits for each end tag."""

    def __init__(self, text: str) -> None:
        self.holders: set[int] = set()  # elements that have parts in them, by identity
        super().__init__(text, "html.parser")

    def holds_parts(self, element: Tag) -> bool:
        """Whether more than a line of text is in an element."""
        return id(element) in self.holders

    def handle_starttag(self, name: str, *said: Any, **place: Any) -> Tag | None:
        """Begin an element, after the end of those that it ends."""
        self.endData()
        if len(self.tagStack) > DEEPEST:
            raise ValueError("its parts are nested too deeply")
        self.end(*ENDS.get(name, (frozenset(), frozenset())))
        if name in PARTS:
            self.end(*PARAGRAPH)
            self.end_heading(name)
            for above in reversed(self.tagStack):
                if id(above) in self.holders:
                    break
                self.holders.add(id(above))
        return super().handle_starttag(name, *said, **place)

    def end(self, names: frozenset[str], within: frozenset[str]) -> None:
        """End the outermost open element of these names, within the innermost of those."""
        kept = len(self.tagStack)
        left = sum(self.open_tag_counter.get(name, 0) for name in names)
        for at in range(kept - 1, 0, -1):
            if not left or self.tagStack[at].name in within:
                break
            if self.tagStack[at].name in names:
                kept, left = at, left - 1
        while len(self.tagStack) > kept:
            self.popTag()

    def end_heading(self, name: str) -> None:
        """End a heading that is open, before another one or what comes after its words."""
        if not any(self.open_tag_counter.get(level) for level in HEADINGS):
            return
        heading = next(one for one in self.tagStack if one.name in HEADINGS)
        if name in HEADINGS or any(heading.stripped_strings):
            self.end(frozenset(HEADINGS), frozenset())
