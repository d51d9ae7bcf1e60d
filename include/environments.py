"""What each use of Leeway installs: one file of exact versions each, in environments/.

`development.txt` is the resolution of all groups of pyproject.toml; the others are parts of it.
`python -m include.environments`, as `make lock` runs it, writes them anew.
"""

import importlib.metadata
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from include.errors import DataError, PlatformError, did_you_mean

FOLDER = Path("environments")
# The groups of pyproject.toml that a use needs.
GROUPS = {
    "serving": ("serving",),
    "steps": ("serving", "steps"),
    "airflow": ("serving", "steps", "airflow"),
}
# From the public index, torch comes with CUDA libraries that it pins itself; the build for CPUs
# has none. The files are of neither build.
BUILDS = ("torch",)
# As uv reads `--python-version 3.11`: what is needed must not depend on who asks.
PYTHON = {"python_version": "3.11", "python_full_version": "3.11.0"}


def main() -> int:
    """Write the parts of the resolution."""
    try:
        files = exported(Path("pyproject.toml"), FOLDER / "development.txt")
    except PlatformError as error:
        print(f"environments: {error}", file=sys.stderr)
        return 1
    for use, text in files.items():
        (FOLDER / f"{use}.txt").write_text(text)
    return 0


def exported(pyproject: Path, resolution: Path) -> dict[str, str]:
    """The content of each file but the resolution, by its use.

    Raises:
        DataError: what a use needs is not in the resolution, or not installed.
    """
    held = tomllib.loads(pyproject.read_text())["dependency-groups"]
    lines = {use: [line for name in names for line in held[name]] for use, names in GROUPS.items()}
    return {use: "\n".join(needed(resolution, roots)) + "\n" for use, roots in lines.items()}


def needed(resolution: Path, roots: Iterable[str]) -> list[str]:
    """The lines of `resolution`, as name==version, for `roots` and all that they depend on.

    Raises:
        DataError: the resolution lacks one of them, or gives it no exact version.
    """
    pins = pins_of(resolution)
    found: set[tuple[str, str]] = set()  # package and extra, "" for the package itself
    waiting = [one for root in roots for one in asked_by(Requirement(root))]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in found:
            continue
        if name not in pins:
            what = f"{resolution} has no exact version of {name}.{did_you_mean(name, pins)}"
            raise DataError(what, "run `make lock`.")
        found.add((name, extra))
        asked = dependencies(name, extra)
        waiting += [one for one in asked if one[0] in pins or name not in BUILDS]
    return [f"{name}=={pins[name]}" for name in sorted({name for name, _ in found})]


def pins_of(resolution: Path) -> dict[str, str]:
    """Package to version. What follows a plus in a version is of one machine, and is left out."""
    pins: dict[str, str] = {}
    for line in resolution.read_text().splitlines():
        text = line.split("#")[0].split(";")[0].strip().rstrip("\\").strip()
        name, separator, version = text.partition("==")
        if separator:
            pins[canonicalize_name(name.split("[")[0])] = version.split()[0].split("+")[0]
    return pins


def dependencies(name: str, extra: str) -> list[tuple[str, str]]:
    """What an installed package asks for on this platform, and with which extra."""
    try:
        lines = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        what = f"The package {name} is not installed."
        raise DataError(what, "run `make setup`.") from None
    asked = [Requirement(line) for line in lines]
    return [
        one
        for line in asked
        if line.marker is None or line.marker.evaluate({**PYTHON, "extra": extra})
        for one in asked_by(line)
    ]


def asked_by(line: Requirement) -> list[tuple[str, str]]:
    """The package of a line, alone and with each extra that the line names."""
    return [(canonicalize_name(line.name), extra) for extra in ("", *sorted(line.extras))]


if __name__ == "__main__":
    raise SystemExit(main())
