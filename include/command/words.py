"""What commands may be told."""

import argparse
from collections.abc import Callable, Sequence

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


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows in columns, two spaces apart."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(w) for cell, w in zip(r, widths, strict=True)) for r in rows)
    return "\n".join(line.rstrip() for line in lines)
