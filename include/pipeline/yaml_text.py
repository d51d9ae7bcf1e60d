"""YAML with some values changed: comments, order, quotes and the rest of the text stay."""

import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from itertools import pairwise
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark, YAMLError
from ruamel.yaml.nodes import MappingNode
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import (
    DoubleQuotedScalarString,
    FoldedScalarString,
    LiteralScalarString,
)
from ruamel.yaml.tokens import CommentToken

WIDTH = 1 << 20  # columns: no line is folded


class Representer(RoundTripRepresenter):
    """Numbers that every reader of YAML takes for numbers: 1e-05 is text to those of 1.1."""

    def represent_float(self, data: float) -> Any:
        node = super().represent_float(data)
        if "e" in node.value and "." not in node.value:
            node.value = node.value.replace("e", ".0e")
        return node


Representer.add_representer(float, Representer.represent_float)


Keys = tuple[str | int, ...]


def changes(text: str, values: Mapping[Keys, object]) -> Iterator[str]:
    """The text with other values at some keys, the one that keeps most of it first.

    The first cannot be had where a value stands for several by an anchor, or is merged in, and is
    then not what it should be: the caller reads it to see.
    """
    with suppress(LookupError, TypeError, ValueError, YAMLError):
        yield spliced(text, values)
    yield rewritten(text, values)


def spliced(text: str, values: Mapping[Keys, object]) -> str:
    """The text with nothing but the values changed."""
    for keys, value in values.items():
        node, colon = YAML(typ="safe", pure=True).compose(text), 0
        for key in keys:
            node, colon = inner(node, key, text)
        first, last = node.start_mark.index, end_of(node, text)
        # What begins below its key is written behind it: below, it may not be far enough inside.
        place = colon if "\n" in text[colon:first] else first
        gap = "" if text[place - 1 : place].isspace() else " "
        between = text[place:first].rstrip()
        text = text[:place] + gap + flow(value) + between + text[last:]
    return text


def inner(node: Any, key: str | int, text: str) -> tuple[Any, int]:
    """The node of a part, and where what leads to it ends: the colon, or the start of the part."""
    for name, part in node.value if isinstance(node, MappingNode) else ():
        if name.value == str(key):
            return part, text.index(":", name.end_mark.index) + 1
    part = node.value[key]
    return part, part.start_mark.index


def end_of(node: Any, text: str) -> int:
    """Where a node ends: comments and empty lines below it are not its own."""
    if isinstance(node.value, list) and node.value and not node.flow_style:
        last = node.value[-1]
        return end_of(last[1] if isinstance(last, tuple) else last, text)
    first, last = int(node.start_mark.index), int(node.end_mark.index)
    return first + len(text[first:last].rstrip())


def flow(value: object) -> str:
    """A value in one line."""
    made = io.StringIO()
    yaml = round_trip("")
    yaml.dump(styled([value]), made)
    return made.getvalue().strip()[1:-1]


def rewritten(text: str, values: Mapping[Keys, object]) -> str:
    """The text as ruamel writes it, with its comments."""
    yaml = round_trip(text)
    data = yaml.load(text)
    for keys, value in values.items():
        owner = data
        for key in keys[:-1]:
            owner = own(data, owner, key)
        put(owner, keys[-1], value)
    made = io.StringIO()
    yaml.dump(data, made)
    return made.getvalue().replace("\n", "\r\n") if "\r\n" in text else made.getvalue()


def round_trip(text: str) -> YAML:
    """A reader and writer that keeps what it can."""
    yaml, (mapping, offset) = YAML(), indents(text)
    yaml.Representer = Representer
    yaml.preserve_quotes, yaml.width = True, WIDTH
    yaml.indent(mapping=mapping, sequence=offset + 2, offset=offset)
    yaml.explicit_start = text.lstrip().startswith("---")
    return yaml


def indents(text: str) -> tuple[int, int]:
    """By how much a text moves in what is inside a mapping, and the dashes of a list."""
    found: dict[str, int] = {}
    for before, line in pairwise(text.splitlines()):
        step = len(line) - len(line.lstrip()) - (len(before) - len(before.lstrip()))
        if re.search(r":\s*(#.*)?$", before) and not before.lstrip().startswith(("#", "-")):
            kind = "list" if line.lstrip().startswith("- ") else "map"
            if step > 0 and not line.lstrip().startswith("#"):
                found.setdefault(kind, step)
    return found.get("map", 2), found.get("list", 0)


def own(data: Any, owner: Any, key: str | int) -> Any:
    """What an owner holds at a key, as its own: what others share with it by an anchor stays."""
    held = owner[key]
    if uses(data)[id(held)] > 1:
        held = deepcopy(held)
        held.yaml_set_anchor(None)
        owner[key] = held
    return held


def uses(held: Any) -> Counter[int]:
    """How many places hold each mapping and list: what is merged in counts there as well."""
    found: Counter[int] = Counter()
    waiting = [held]
    while waiting:
        place = waiting.pop()
        inner = place.values() if isinstance(place, dict) else place
        for value in inner:
            if isinstance(value, dict | list):
                found[id(value)] += 1
                if found[id(value)] == 1:
                    waiting.append(value)
    return found


def put(owner: Any, key: str | int, value: object) -> None:
    """Set one value; comments behind it and below it stay."""
    held, slot = owner[key], 2 if isinstance(owner, dict) else 0
    below, comments = below_last(held), owner.ca.items.get(key, [None] * 4)
    behind = comments[slot].value.rstrip("\n") if comments[slot] else ""
    if behind and isinstance(held, LiteralScalarString | FoldedScalarString):
        below, behind = f"{comments[slot].value}{below}", ""  # a text of many lines has none behind
    owner[key] = styled(value)
    if below:
        column = comments[slot].start_mark.column if behind else 0
        comments[slot] = CommentToken(f"{behind}\n{below}", CommentMark(column), None)
        owner.ca.items[key] = comments


def below_last(held: Any) -> str:
    """The comments and empty lines below a mapping or list; ruamel has them at its last part."""
    below = ""
    while isinstance(held, CommentedMap | CommentedSeq):
        ends = held.ca.end or []
        below = "".join(token.value for token in ends) or below
        if not held:
            break
        last = next(reversed(held)) if isinstance(held, dict) else len(held) - 1
        entry = held.ca.items.get(last)
        token = entry[2 if isinstance(held, dict) else 0] if entry else None
        held = held[last]
        many = isinstance(held, LiteralScalarString | FoldedScalarString)
        below = (token.value if many else token.value.partition("\n")[2]) if token else below
    return below


def styled(value: object) -> object:
    """A value as it is written: lists and mappings in one line, texts in quotes."""
    if isinstance(value, str):
        return DoubleQuotedScalarString(value)
    if isinstance(value, list):
        made = CommentedSeq(styled(part) for part in value)
        made.fa.set_flow_style()
        return made
    if isinstance(value, dict):
        mapping = CommentedMap((name, styled(part)) for name, part in value.items())
        mapping.fa.set_flow_style()
        return mapping
    return value


def comments(text: str) -> dict[str, str]:
    """The comment behind each value, by dotted name: what a form shows as help."""
    found: dict[str, str] = {}
    with suppress(YAMLError):
        waiting: list[tuple[str, Any]] = [("", YAML().load(text))]
        while waiting:
            place, held = waiting.pop()
            for name, value in held.items() if isinstance(held, CommentedMap) else ():
                said = comment_at(held, name, value)
                full = f"{place}.{name}" if place else str(name)
                found |= {full: said} if said else {}
                waiting.append((full, value))
    return found


def comment_at(held: CommentedMap, name: Any, value: Any) -> str:
    """The comment in the line of a key; empty if there is none."""
    entry = held.ca.items.get(name) or [None] * 4
    above = value.ca.comment if isinstance(value, CommentedMap | CommentedSeq) else None
    token = entry[2] or (above and above[0])
    line = token.value.partition("\n")[0] if token else ""
    return line.lstrip("# ").strip()
