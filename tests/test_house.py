"""How the code is kept: files and functions that fit on a screen or two, or say why they do not."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from long_first import LONG

ROOT = Path(__file__).parents[1]
MOST_OF_A_FILE, MOST_OF_A_FUNCTION = 250, 40  # lines
WHY = "Long because"  # how a docstring begins the reason


def modules() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """The functions of a file, and the lines of each beside its docstring; those that say why not."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            said = ast.get_docstring(node, clean=False)
            lines = (node.end_lineno or 0) - node.lineno + 1 - (said or "").count("\n") - bool(said)
            if WHY not in (said or ""):
                yield node.name, lines


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_or_says_why_not(path):
    text = path.read_text()
    if text.count("\n") > MOST_OF_A_FILE:
        assert WHY in (ast.get_docstring(ast.parse(text)) or "")
    long = {name: lines for name, lines in functions(path) if lines > MOST_OF_A_FUNCTION}
    assert long == {}


def test_the_long_modules_of_tests_are_where_the_order_looks_for_them():
    assert [name for name in LONG if not (ROOT / "tests" / name).exists()] == []
