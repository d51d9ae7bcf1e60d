"""Write a run's values into files of params, and leave the rest of them as it is.

A value is named as DVC names it: `train.depth` is in params.yaml, `conf/model.yaml:depth` in that
file. The files are read as DVC reads them, and written by the libraries that DVC writes them with.
"""

import json
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from include.errors import ParamsError, did_you_mean

DEFAULT = "params.yaml"
Keys = tuple[str | int, ...]


def write(
    folder: Path,
    values: Mapping[str, object],
    known: Mapping[str, Any],
    whole: Collection[str] = (),
) -> None:
    """Set names to values. A value that is there already changes nothing.

    Args:
        folder: root of the repository.
        values: a mapping sets what it names inside a section, and leaves the rest of it.
        known: files of params, and what is in them.
        whole: names whose mapping is set as it is, in the place of the one that is there.

    Raises:
        ParamsError: there is no such name, the value is of another kind, or it cannot be written.
    """
    changes: dict[str, dict[Keys, object]] = {}
    for name, value in values.items():
        file, keys = located(name, known)
        held = at(known[file], keys)
        for inner, new in spread(name, keys, held, value, merge=name not in whole):
            if not same(at(known[file], inner), new):
                changes.setdefault(file, {})[inner] = new
    for file, new_values in changes.items():
        change(folder / file, file, new_values)


def located(name: str, known: Mapping[str, Any]) -> tuple[str, Keys]:
    """The file that holds a name, and the keys that lead to it.

    Raises:
        ParamsError: none does, or the name can be read in two ways.
    """
    file, _, inner = name.rpartition(":")
    if file not in known:
        file, inner = DEFAULT, name
    found = list(ways(known.get(file, {}), inner)) if inner else []
    if len(found) == 1:
        return file, found[0]
    if found:
        what = f"{name!r} can be read in {len(found)} ways in {file}: {at_a_glance(found)}."
        raise ParamsError(what, f"rename one of the two in {file}.")
    what = f"{file} has no value {inner!r}.{nearest(name, inner, known)}"
    raise ParamsError(what, "name one that is there, as section.name.")


def at_a_glance(found: list[Keys]) -> str:
    """Keys as they would be written in Python."""
    return ", ".join("".join(f"[{key!r}]" for key in keys) for keys in found)


def nearest(name: str, inner: str, known: Mapping[str, Any]) -> str:
    """The known name that is nearest to one that is not; the same name in another file first."""
    names = {shown(file, value): value for file, data in known.items() for value in flatten(data)}
    others = [full for full, short in names.items() if short == inner]
    return f" Did you mean {others[0]!r}?" if others else did_you_mean(name, names)


def shown(file: str, name: str) -> str:
    """A name as a run gives it."""
    return name if file == DEFAULT else f"{file}:{name}"


def ways(held: object, name: str) -> Iterator[Keys]:
    """The keys that a dotted name may mean: a key may hold dots itself."""
    if isinstance(held, list):
        first, _, rest = name.partition(".")
        if first.isdecimal() and int(first) < len(held):
            tails = ways(held[int(first)], rest) if rest else iter([()])
            yield from ((int(first), *tail) for tail in tails)
    if isinstance(held, dict):
        for key, value in held.items():
            if str(key) == name:
                yield (key,)
            elif name.startswith(f"{key}."):
                yield from ((key, *tail) for tail in ways(value, name[len(str(key)) + 1 :]))


def at(held: Any, keys: Keys) -> Any:
    """What keys lead to."""
    for key in keys:
        held = held[key]
    return held


def spread(
    name: str, keys: Keys, held: object, value: object, *, merge: bool
) -> Iterator[tuple[Keys, object]]:
    """The values that one value sets, each with its keys.

    Raises:
        ParamsError: a section has no such name, or a value is of another kind.
    """
    if merge and isinstance(held, dict) and isinstance(value, dict) and held:
        for key, new in value.items():
            if key not in held:
                what = f"The section {name!r} has no value {key!r}.{did_you_mean(str(key), held)}"
                raise ParamsError(what, "name one that it holds.")
            yield from spread(f"{name}.{key}", (*keys, key), held[key], new, merge=True)
    else:
        yield keys, matching(name, held, value)


def matching(name: str, held: object, value: object) -> object:
    """The value, in the kind of the one that it replaces: a form gives text, or whole numbers."""
    if held is None or value is None:
        return value
    if isinstance(held, bool) is isinstance(value, bool):
        if isinstance(held, float) and isinstance(value, int):
            return float(value)
        if isinstance(held, int) and isinstance(value, float):
            return int(value) if value.is_integer() else value
        kind = next((kind for kind in (str, list, dict) if isinstance(held, kind)), type(held))
        if isinstance(value, kind):
            return value
    wanted, found = type(held).__name__, type(value).__name__
    what = f"The run sets {name} to {value!r}, a {found}; it is a {wanted}: {held!r}."
    raise ParamsError(what, f"trigger a new run with {name} as a {wanted}.")


def same(one: object, other: object) -> bool:
    """Whether two values are equal and of one kind, down to the last."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    # Not a number is equal to nothing, itself included.
    return type(one) is type(other) and (one == other or repr(one) == repr(other))


def flatten(held: object, prefix: str = "") -> dict[str, object]:
    """Dotted names of all values; a list is one value."""
    if not isinstance(held, dict):
        return {prefix: held} if prefix else {}
    found: dict[str, object] = {}
    for name, value in held.items():
        found |= flatten(value, f"{prefix}.{name}" if prefix else str(name))
    return found


def change(path: Path, name: str, values: Mapping[Keys, object]) -> None:
    """Write values into a file, and see that they, and nothing else, change.

    Raises:
        ParamsError: the file cannot be written so.
    """
    from dvc.utils.serialize import PARSERS, ParseError

    before, parse = path.read_bytes().decode(), PARSERS.get(path.suffix.lower(), PARSERS[".yaml"])
    wanted = apart(parse(before, str(path)))
    put(wanted, values)
    for text in attempts(path, before, values):
        with suppress(ParseError):
            if same(parse(text, str(path)), wanted):
                path.write_bytes(text.encode())
                return
    pairs = ", ".join(f"{'.'.join(map(str, k))} to {json.dumps(v)}" for k, v in values.items())
    what = f"{name} cannot be changed so that it sets {pairs}, and nothing else changes."
    raise ParamsError(what, f"change {name} by hand, commit it, and trigger a new run.")


def apart(held: Any) -> Any:
    """A copy in which no part is another: anchors make them so."""
    if isinstance(held, dict):
        return {name: apart(value) for name, value in held.items()}
    return [apart(value) for value in held] if isinstance(held, list) else held


def put(held: Any, values: Mapping[Keys, object]) -> None:
    """Set values at keys."""
    for keys, value in values.items():
        at(held, keys[:-1])[keys[-1]] = deepcopy(value)


def attempts(path: Path, before: str, values: Mapping[Keys, object]) -> Iterator[str]:
    """What a file may hold instead, the text that keeps most of it first."""
    suffix = path.suffix.lower()
    if suffix == ".json":
        held = json.loads(before)
        put(held, values)
        indent = re.search(r"\n([ \t]+)", before)
        yield json.dumps(held, indent=indent and indent[1], ensure_ascii=False) + "\n"
    elif suffix == ".toml":
        import tomlkit

        document = tomlkit.parse(before)
        put(document, values)
        yield tomlkit.dumps(document)
    elif suffix == ".py":
        from dvc.utils.serialize import modify_py

        with TemporaryDirectory() as folder:
            copy = Path(shutil.copyfile(path, Path(folder) / path.name))
            with modify_py(str(copy)) as module:
                put(module, values)
            yield copy.read_text()
    else:
        from include.pipeline import yaml_text

        yield from yaml_text.changes(before, values)
