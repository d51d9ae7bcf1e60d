"""What every kind of page becomes: sections under headings, made of blocks of text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

# Signs that only say where a line may break: soft hyphen, zero-width spaces and joiners, BOM.
UNSEEN = dict.fromkeys((0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))


@dataclass(frozen=True)
class Block:
    """A paragraph, a list item, a row of a table; or code, whose lines stay as they are."""

    text: str
    code: bool = False
    head: str = ""  # first row of the table that a row is of


@dataclass
class Section:
    """A heading, and what stands under it up to the next one."""

    titles: tuple[str, ...]  # headings above it, its own last; none before the first heading
    level: int = 0  # of its own heading
    blocks: list[Block] = field(default_factory=list)
    problems: int = 0  # places that are not as the format wants them; their text is kept
    includes: int = 0  # places where another file would stand: it is not read


class Outline:
    """Sections in the order of the page, built from headings with levels."""

    def __init__(self) -> None:
        self.sections: list[Section] = [Section(())]
        self.open: list[tuple[int, str]] = []

    def heading(self, level: int, title: str) -> None:
        """Begin a section; it ends those that are open on its level and below."""
        self.open = [(at, name) for at, name in self.open if at < level]
        self.open.append((level, one_line(title)))
        self.begin()

    def back_to(self, level: int) -> None:
        """Go on in what is open on a level, after the sections below it."""
        self.open = [(at, name) for at, name in self.open if at <= level]
        self.begin()

    def begin(self) -> None:
        """Begin a section under the headings that are open."""
        level = self.open[-1][0] if self.open else 0
        self.sections.append(Section(tuple(name for _, name in self.open), level))

    def add(self, text: str, code: bool = False, head: str = "") -> None:
        """Add a block to the section that is open; empty ones are nothing."""
        text = lines(text) if code else one_line(text)
        if text.strip():
            self.sections[-1].blocks.append(Block(text, code, head))

    def extend(self, blocks: Iterable[Block]) -> None:
        """Add several blocks."""
        for block in blocks:
            self.add(block.text, block.code, block.head)


def one_line(text: str) -> str:
    """A text with single spaces in place of its line ends and runs of blanks."""
    return re.sub(r"\s+", " ", text.translate(UNSEEN)).strip()


def row(cells: Iterable[str]) -> str:
    """The cells of a row of a table in one line; empty ones keep the others in their columns."""
    texts = [one_line(cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return one_line(" | ".join(texts))


def lines(text: str) -> str:
    """The lines of a piece of code, without blanks at their ends."""
    kept = [line.rstrip() for line in text.translate(UNSEEN).replace("\xa0", " ").split("\n")]
    return "\n".join(kept).strip("\n")


def under_page(sections: list[Section], title: str) -> list[Section]:
    """Sections whose titles begin with that of the page: what has none gets this one."""
    if not sections[0].blocks:
        sections = sections[1:]
    firsts = {section.titles[0] for section in sections if section.titles}
    if len(firsts) == 1 and all(section.titles for section in sections):
        return sections
    if len(firsts) == 1 and not sections[0].titles and sections[1].level == 1:
        title = firsts.pop()  # text above the heading of the page
    return [
        section
        if section.titles[:1] == (title,)
        else replace(section, titles=(title, *section.titles))
        for section in sections
    ]
