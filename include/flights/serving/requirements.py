"""The part of the lock that some packages need."""

import importlib.metadata
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from include.errors import DataError, did_you_mean


def needed(lock: Path, roots: Iterable[str]) -> list[str]:
    """The lines of `lock`, as name==version, for `roots` and all that they depend on.

    Raises:
        DataError: the lock lacks one of them, or gives it no exact version.
    """
    locked = read_lock(lock)
    found: set[tuple[str, str]] = set()  # package and extra, "" for the package itself
    waiting: list[tuple[str, str]] = [(canonicalize_name(name), "") for name in roots]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in found:
            continue
        if name not in locked:
            what = f"{lock} has no exact version of {name}.{did_you_mean(name, locked)}"
            raise DataError(what, f"add `{name}==VERSION` to {lock}.")
        found.add((name, extra))
        waiting += dependencies(name, extra)
    return [f"{name}=={locked[name]}" for name in sorted({name for name, _ in found})]


def read_lock(lock: Path) -> dict[str, str]:
    """Package to version. A local version (2.13.0+cpu) is of one machine, and is left out."""
    locked: dict[str, str] = {}
    for line in lock.read_text().splitlines():
        text = line.split("#")[0].split(";")[0].strip().rstrip("\\").strip()
        name, separator, version = text.partition("==")
        if separator:
            locked[canonicalize_name(name.split("[")[0])] = version.split()[0].split("+")[0]
    return locked


def dependencies(name: str, extra: str) -> list[tuple[str, str]]:
    """What an installed package asks for on this platform, and with which extra."""
    try:
        lines = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        what = f"The package {name} is not installed."
        raise DataError(what, "run `make setup`.") from None
    asked = [Requirement(line) for line in lines]
    return [
        (canonicalize_name(one.name), wanted)
        for one in asked
        if one.marker is None or one.marker.evaluate({"extra": extra})
        for wanted in ("", *sorted(one.extras))
    ]
