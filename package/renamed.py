"""The runner under the names that it has where it is installed: `leeway`, and `leeway.airflow`.

Users of Airflow have folders `include` and `plugins` of their own. So what the runner imports of
`include` becomes the package `leeway`, and `plugins` becomes `leeway.airflow`; not a byte but
the names in imports and docstrings is another one.
"""

import ast
import io
import re
import shutil
import tokenize
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

ROOMS = (
    "airflow_site",
    "command",
    "pipeline",
)  # whole; of others only the modules that they import
REPLACED = ("assistant", "feature_store", "flights", "serving")
STAY = ("dvc_ask", "dvc_proposals")  # how plugins begin that are of a project of this tree alone
PACKAGE = "leeway"
Edit = tuple[int, int, int, str]  # the line, the columns from and to, and what is to be there


class Refused(Exception):
    """The tree holds something that would not work under another name."""


def package(tree: Path, folder: Path) -> None:
    """Write the package into a folder that is not there yet.

    Raises:
        Refused: a module needs what is not in the package, or names a module of `include` in text.
    """
    plugins = plugins_of(tree)
    stems = {path.stem for path in plugins}
    sources = {path: place(tree, path) for path in modules(tree)}
    rooms = {name.parts[0] for name in sources.values() if len(name.parts) > 1} - {"airflow"}
    for room in rooms:  # what is no module: templates and the like
        ignored = shutil.ignore_patterns("__pycache__", "*.py")
        shutil.copytree(tree / "include" / room, folder / room, ignore=ignored)
    for path, name in sources.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(renamed(path.read_text(), str(path.relative_to(tree)), stems))
    entry = renamed((tree / "package/entry.py").read_text(), "package/entry.py", stems)
    for room in (".", "airflow"):
        (folder / room / "__init__.py").write_text(entry)
    (folder / "py.typed").touch()


def place(tree: Path, path: Path) -> Path:
    """Where a file of the tree is in the package."""
    if path.is_relative_to(tree / "plugins"):
        return Path("airflow") / path.name
    return path.relative_to(tree / "include")


def plugins_of(tree: Path) -> list[Path]:
    """The plugins that are the runner's."""
    found = sorted((tree / "plugins").glob("*.py"))
    return [path for path in found if not path.name.startswith(STAY)]


def modules(tree: Path) -> list[Path]:
    """The files of the rooms and of the plugins, and all that they import of `include`."""
    found = plugins_of(tree)
    found += [path for room in ROOMS for path in sorted((tree / "include" / room).rglob("*.py"))]
    for path in found:  # the list grows on the way
        for name in imported(ast.parse(path.read_text())):
            for file in files_of(tree, name):
                if file.relative_to(tree / "include").parts[0].removesuffix(".py") in REPLACED:
                    raise Refused(f"{path.relative_to(tree)} imports {name}, which stays here.")
                if file not in found:
                    found.append(file)
    return found


def imported(code: ast.Module) -> Iterator[str]:
    """The modules of `include` that a module imports, or may: `from a import b` may mean a.b."""
    for node in ast.walk(code):
        if isinstance(node, ast.ImportFrom) and new_name(node.module or "", set()):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files_of(tree: Path, name: str) -> list[Path]:
    """The file of a module, with those of the packages around it; not that of `include` itself."""
    parts = name.split(".")
    stems = [tree.joinpath(*parts[:number]) for number in range(2, len(parts) + 1)]
    files = [path for stem in stems for path in (stem.with_suffix(".py"), stem / "__init__.py")]
    return [path for path in files if path.is_file()]


def renamed(text: str, path: str, stems: set[str]) -> str:
    """A module with the new names in its imports and docstrings.

    Raises:
        Refused: an old name is left where Python would look it up, or in a text.
    """
    code, lines = ast.parse(text), io.StringIO(text).readlines()
    docs = docstrings(code)
    edits = [edit for node in docs for edit in in_docstring(node, lines)]
    starts = set()
    for node in ast.walk(code):
        if node in docs:
            continue
        if isinstance(node, ast.ImportFrom) and new_name(node.module or "", stems):
            before = lines[node.lineno - 1].encode()[: node.col_offset]  # it counts bytes
            starts.add((node.lineno, len(before.decode())))
        elif old := left(node, stems):
            line = getattr(node, "lineno", 0)
            raise Refused(f"{path}:{line} says {old!r}: compute it, or import from it.")
    edits += in_imports(text, starts, stems)
    for row, begin, end, new in sorted(edits, reverse=True):
        lines[row - 1] = lines[row - 1][:begin] + new + lines[row - 1][end:]
    return "".join(lines)


def new_name(module: str, stems: set[str]) -> str:
    """The name of a module where it is installed; empty if it keeps its own."""
    first, dot, rest = module.partition(".")
    if first in stems:
        return f"{PACKAGE}.airflow.{module}"
    return f"{PACKAGE}{dot}{rest}" if first == "include" else ""


def left(node: ast.AST, stems: set[str]) -> str:
    """The old name that a node holds; empty if none."""
    if isinstance(node, ast.Import):
        return next((one.name for one in node.names if new_name(one.name, stems)), "")
    if isinstance(node, ast.Name):
        return node.id if node.id == "include" else ""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        found = re.search(rf"\b(include|{'|'.join(sorted(stems))})[./]\w[\w./]*", node.value)
        return found[0] if found else ""
    return ""


def docstrings(code: ast.Module) -> set[ast.Constant]:
    """The docstrings of a module, and of all that is in it."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = [node.body for node in ast.walk(code) if isinstance(node, kinds)]
    firsts = [body[0].value for body in bodies if body and isinstance(body[0], ast.Expr)]
    return {one for one in firsts if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def in_docstring(node: ast.Constant, lines: list[str]) -> Iterator[Edit]:
    """The edits of a docstring, which speaks of modules as the reader has them."""
    for row in range(node.lineno, (node.end_lineno or node.lineno) + 1):
        for found in re.finditer(r"\binclude(?=[./]\w)", lines[row - 1]):
            yield row, found.start(), found.end(), PACKAGE


def in_imports(text: str, starts: set[tuple[int, int]], stems: set[str]) -> Iterator[Edit]:
    """The edits of the imports that begin at `starts`: the name between `from` and `import`."""
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    for number, token in enumerate(tokens):
        if token.start in starts:
            after = tokens[number + 1 :]
            name = list(takewhile(lambda one: one.string != "import", after))
            (row, begin), (_, end) = name[0].start, name[-1].end
            yield row, begin, end, new_name("".join(one.string for one in name), stems)
