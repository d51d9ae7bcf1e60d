"""Sections into passages: as many whole blocks as fit the encoder, and never more."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from include.assistant.documents.parsing.sections import Block
from include.assistant.passages import embedded

Count = Callable[[str], int]  # tokens of a text, as the encoder counts them
TITLES_SHARE = 0.4  # of the size of a passage that titles may take
SENTENCE = re.compile(r"(?<=[.!?:;])\s+")


@dataclass(frozen=True)
class Size:
    """How long a text is. A word that a tokenizer does not know is one token, however long."""

    tokens: int
    characters: int

    def __add__(self, other: "Size") -> "Size":
        return Size(self.tokens + other.tokens, self.characters + other.characters)

    def fits(self, room: "Size") -> bool:
        """Whether there is room for so much."""
        return self.tokens <= room.tokens and self.characters <= room.characters


NOTHING = Size(0, 0)
Measure = Callable[[str], Size]


@dataclass(frozen=True)
class Piece:
    """The text of one passage."""

    text: str
    tokens: int  # with its titles


def pieces(titles: Sequence[str], blocks: Sequence[Block], most: Size, count: Count) -> list[Piece]:
    """The passages of a section, in reading order.

    Args:
        titles: that stand above each of them; see `fitting`.
        blocks: of the section.
        most: that a passage may have: tokens with its titles, characters without them.
        count: of a text, with what the encoder puts around it.
    """
    around = count("")

    def size(text: str) -> Size:
        return Size(count(text) - around, len(text) + 1)  # with the sign that joins it to others

    room = Size(most.tokens - count(embedded(list(titles), "")), most.characters + 1)
    texts: list[str] = []
    held: list[str] = []
    used = NOTHING
    cut_to_fit = [(part, block.head) for block in blocks for part in parts(block, room, size)]
    for part, head in cut_to_fit:
        if held and not (used + size(part)).fits(room):
            # What leads to the next part goes with it, and above rows are the names of columns.
            leads = len(held) > 1 and (held[-1].endswith(":") or held[-1] == head)
            above = held[-1] if leads else head
            fits = bool(above) and (size(above) + size(part)).fits(room)
            if leads and fits:
                held.pop()
            texts.append("\n".join(held))
            held = [above] if fits else []
            used = sum(map(size, held), NOTHING)
        held.append(part)
        used += size(part)
    if held:
        texts.append("\n".join(held))
    return [Piece(text, count(embedded(list(titles), text))) for text in texts]


def fitting(titles: Sequence[str], most: Size, count: Count) -> list[str]:
    """Titles that leave room for text: first the middle ones go, then the ends are cut."""
    kept = [title for title in titles if title]
    room = Size(int(most.tokens * TITLES_SHARE), int(most.characters * TITLES_SHARE))

    def fit() -> bool:
        above = embedded(kept, "")
        return len(above) <= room.characters and count(above) <= room.tokens

    while len(kept) > 2 and not fit():
        kept.pop(1)
    while kept and not fit():
        longest = max(range(len(kept)), key=lambda at: len(kept[at]))
        kept[longest] = kept[longest][: int(len(kept[longest]) * 0.8)].rstrip()
    return kept


def parts(block: Block, room: Size, size: Measure) -> Iterator[str]:
    """A block, cut into parts that fit where it does not fit as a whole."""
    if size(block.text).fits(room):
        yield block.text
        return
    joint = "\n" if block.code else " "
    units = block.text.split("\n") if block.code else SENTENCE.split(block.text)
    yield from packed(units, joint, room, size)


def packed(units: Sequence[str], joint: str, room: Size, size: Measure) -> Iterator[str]:
    """Units put together as long as they fit; one that does not fit alone is cut."""
    held, used = "", NOTHING
    for unit in units:
        length = size(unit)
        if not length.fits(room):
            if held.strip():
                yield held
            held, used = "", NOTHING
            yield from cut(unit, room, size)
        elif held and not (used + length).fits(room):
            yield held
            held, used = unit, length
        else:
            held, used = (f"{held}{joint}{unit}" if held else unit), used + length
    if held.strip():
        yield held


def cut(unit: str, room: Size, size: Measure) -> Iterator[str]:
    """A line or sentence that is too long, by its words, or else in the middle."""
    words = unit.split(" ")
    if len(words) > 1:
        middle = len(words) // 2
        halves = (" ".join(words[:middle]), " ".join(words[middle:]))
    else:
        halves = (unit[: len(unit) // 2], unit[len(unit) // 2 :])
    for half in halves:
        if size(half).fits(room):
            if half.strip():
                yield half
        else:
            yield from cut(half, room, size)
