"""What hatchling builds the wheel from: this tree, under the names that it is installed by."""

import runpy
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Hook(BuildHookInterface[Any]):
    """Makes the package in a temporary folder, and lets hatchling take it from there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the package before the wheel is built."""
        if version == "editable":
            raise ValueError(
                "This tree cannot be installed with -e: the package has other names than it.\n"
                "  Next: run `make setup`, which makes .venv/bin/leeway of this tree."
            )
        self.made = Path(tempfile.mkdtemp())
        package = runpy.run_path(str(Path(self.root, "package", "renamed.py")))["package"]
        package(Path(self.root), self.made / "leeway")
        build_data["force_include"][str(self.made / "leeway")] = "leeway"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove it."""
        shutil.rmtree(self.made)
