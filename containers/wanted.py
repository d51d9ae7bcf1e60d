"""Write what pyproject.toml asks for as one requirements file a part: serve.txt, steps.txt, ...

So a change elsewhere in pyproject.toml leaves the files, and with them the images, as they are.
"""

import sys
import tomllib
from pathlib import Path


def main(pyproject: Path, folder: Path) -> None:
    """Write the files. What serves is the project itself; the rest are its extras."""
    project = tomllib.loads(pyproject.read_text())["project"]
    parts = {"serve": project["dependencies"], **project["optional-dependencies"]}
    for name, wanted in parts.items():
        (folder / f"{name}.txt").write_text("".join(f"{line}\n" for line in wanted))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
