"""Sections into passages: as many whole blocks as fit the encoder, and never more."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from include.assistant.documents.parsing.sections import Block
from include.assistant.passages import embedded

Count = Callable[[str], int]  # tokens of a text, as the encoder counts them
TITLES_SHARE = 0.4  # of the tokens of a passage that titles may take
SENTENCE = re.compile(r"(?<=[.!?:;])\s+")


@dataclass(frozen=True)
class Piece:
    """The text of one passage."""

    text: str
    tokens: int  # with its titles


def pieces(titles: Sequence[str], blocks: Sequence[Block], most: int, count: Count) -> list[Piece]:
    """The passages of a section, in reading order.

    Args:
        titles: that stand above each of them; see `fitting`.
        blocks: of the section.
        most: tokens that a passage may have, titles included.
        count: of a text, with what the encoder puts around it.
    """
    around = count("")

    def size(text: str) -> int:
        return count(text) - around

    room = most - count(embedded(list(titles), ""))
    texts: list[str] = []
    held: list[str] = []
    used = 0
    for part in [part for block in blocks for part in parts(block, room, size)]:
        if held and used + size(part) > room:
            # What leads to the next part goes with it.
            lead = len(held) > 1 and held[-1].endswith(":") and size(held[-1]) + size(part) <= room
            after = [held.pop()] if lead else []
            texts.append("\n".join(held))
            held, used = after, sum(map(size, after))
        held.append(part)
        used += size(part)
    if held:
        texts.append("\n".join(held))
    return [Piece(text, count(embedded(list(titles), text))) for text in texts]


def fitting(titles: Sequence[str], most: int, count: Count) -> list[str]:
    """Titles that leave room for text: first the middle ones go, then the ends are cut."""
    kept, room = [title for title in titles if title], int(most * TITLES_SHARE)
    while len(kept) > 2 and count(embedded(kept, "")) > room:
        kept.pop(1)
    while kept and count(embedded(kept, "")) > room:
        longest = max(range(len(kept)), key=lambda at: len(kept[at]))
        kept[longest] = kept[longest][: int(len(kept[longest]) * 0.8)].rstrip()
    return kept


def parts(block: Block, room: int, size: Count) -> Iterator[str]:
    """A block, cut into parts that fit where it does not fit as a whole."""
    if size(block.text) <= room:
        yield block.text
        return
    joint = "\n" if block.code else " "
    units = block.text.split("\n") if block.code else SENTENCE.split(block.text)
    yield from packed(units, joint, room, size)


def packed(units: Sequence[str], joint: str, room: int, size: Count) -> Iterator[str]:
    """Units put together as long as they fit; one that does not fit alone is cut."""
    held, used = "", 0
    for unit in units:
        length = size(unit)
        if length > room:
            if held.strip():
                yield held
            held, used = "", 0
            yield from cut(unit, room, size)
        elif held and used + length > room:
            yield held
            held, used = unit, length
        else:
            held, used = (f"{held}{joint}{unit}" if held else unit), used + length
    if held.strip():
        yield held


def cut(unit: str, room: int, size: Count) -> Iterator[str]:
    """A line or sentence that is too long, by its words, or else in the middle."""
    words = unit.split(" ")
    if len(words) > 1:
        middle = len(words) // 2
        halves = (" ".join(words[:middle]), " ".join(words[middle:]))
    else:
        halves = (unit[: len(unit) // 2], unit[len(unit) // 2 :])
    for half in halves:
        if size(half) <= room:
            if half.strip():
                yield half
        else:
            yield from cut(half, room, size)
