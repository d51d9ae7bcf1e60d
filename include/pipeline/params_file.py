"""Write a run's values into params.yaml, and leave every other byte as it is."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from include.errors import ParamsError, did_you_mean


def write(path: Path, values: Mapping[str, object]) -> None:
    """Set dotted names, as window.end, to values. A value that is there already changes nothing.

    Raises:
        ParamsError: the file has no such name, or the value is of another kind.
    """
    text = path.read_text()
    for name, value in values.items():
        text = replaced(text, name, value, path)
    path.write_text(text)


def replaced(text: str, name: str, value: object, path: Path) -> str:
    """The text with one value replaced; comments and order stay."""
    flat = flatten(yaml.safe_load(text) or {})
    if name not in flat:
        what = f"{path.name} has no value {name!r}.{did_you_mean(name, flat)}"
        raise ParamsError(what, f"name one that {path.name} holds, as section.name.")
    held = flat[name]
    value = matching(name, held, value, path)
    if value == held and type(value) is type(held):
        return text
    node = node_of(yaml.compose(text, Loader=yaml.SafeLoader), name.split("."))
    return text[: node.start_mark.index] + json.dumps(value) + text[node.end_mark.index :]


def matching(name: str, held: object, value: object, path: Path) -> object:
    """The value, in the kind of the one that it replaces: a form gives text, or whole numbers."""
    if isinstance(held, bool) is isinstance(value, bool):
        if isinstance(held, float) and isinstance(value, int):
            return float(value)
        if held is None or value is None or isinstance(value, type(held)):
            return value
    wanted, found = type(held).__name__, type(value).__name__
    what = f"The run sets {name} to {value!r}, a {found}; {path.name} holds a {wanted}: {held!r}."
    raise ParamsError(what, f"give {name} as a {wanted}.")


def flatten(held: object, prefix: str = "") -> dict[str, object]:
    """Dotted names of all values; a list is one value."""
    if not isinstance(held, dict):
        return {prefix: held}
    found: dict[str, object] = {}
    for name, value in held.items():
        found |= flatten(value, f"{prefix}.{name}" if prefix else str(name))
    return found


def node_of(node: yaml.Node | None, path: list[str]) -> yaml.Node:
    """The part of the YAML text that holds a value."""
    for name in path:
        assert isinstance(node, yaml.MappingNode)
        node = next(value for key, value in node.value if key.value == name)
    assert node is not None
    return node


def comments(text: str) -> dict[str, str]:
    """The comment behind each value, by dotted name: what a form shows as help."""
    found: dict[str, str] = {}
    stack: list[tuple[int, str]] = []
    for line in text.splitlines():
        match = re.match(r"^(\s*)([\w.-]+):(.*)$", line)
        if not match:
            continue
        indent, name = len(match[1]), match[2]
        stack = [entry for entry in stack if entry[0] < indent]
        comment = re.search(r"(?:^|\s)#\s*(.+)$", match[3])
        stack.append((indent, name))
        if comment:
            found[".".join(entry[1] for entry in stack)] = comment[1].strip()
    return found
