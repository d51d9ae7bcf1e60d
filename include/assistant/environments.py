"""What the stages of the assistant install, and its server: a file of exact versions each.

`python -m include.assistant.environments`, as `make lock` runs it, writes them anew.
"""

import sys
import tomllib
from pathlib import Path

from include.environments import FOLDER, needed
from include.errors import PlatformError

# The groups of pyproject.toml that a use needs.
GROUPS = {
    "assistant": ("serving", "steps", "assistant_serving", "assistant"),
    "assistant_serving": ("serving", "assistant_serving"),
}


def main() -> int:
    """Write the parts of the resolution that are the assistant's."""
    try:
        files = exported(Path("pyproject.toml"), FOLDER / "development.txt")
    except PlatformError as error:
        print(f"environments: {error}", file=sys.stderr)
        return 1
    for use, text in files.items():
        (FOLDER / f"{use}.txt").write_text(text)
    return 0


def exported(pyproject: Path, resolution: Path) -> dict[str, str]:
    """The content of each file, by its use.

    Raises:
        DataError: what a use needs is not in the resolution, or not installed.
    """
    held = tomllib.loads(pyproject.read_text())["dependency-groups"]
    lines = {use: [line for name in names for line in held[name]] for use, names in GROUPS.items()}
    return {use: "\n".join(needed(resolution, roots)) + "\n" for use, roots in lines.items()}


if __name__ == "__main__":
    raise SystemExit(main())
