"""What commands may be told."""

import argparse
from collections.abc import Callable

# Adds a command: its name, what it does, and examples.
Add = Callable[[str, str, str], argparse.ArgumentParser]


def add_targets(told: argparse.ArgumentParser) -> None:
    """Let a command be about some stages."""
    told.add_argument(
        "targets",
        nargs="*",
        metavar="TARGET",
        help="a stage, task id, group, out, file or folder, with what it needs; all if none",
    )
    told.add_argument("--downstream", action="store_true", help="also what needs the targets")
