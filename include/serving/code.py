"""Which files of this repository a service runs with."""

import ast
from pathlib import Path


def code_of(*modules: str) -> list[Path]:
    """The files of these modules, and all files of this repository that they import, in turn."""
    root, found = Path(__file__).parents[2], set[Path]()
    waiting = [path for module in modules for path in files_of(root, module)]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        for module in sorted(imported(path)):
            waiting += files_of(root, module)
    return sorted(found)


def files_of(root: Path, module: str) -> list[Path]:
    """The file of a module and those of the packages that it is in; none if it is not ours."""
    inside = root.joinpath(*module.split("."))
    packages = [folder for folder in (inside, *inside.parents) if folder.is_relative_to(root)]
    files = [inside.with_suffix(".py"), *(folder / "__init__.py" for folder in packages)]
    return [file for file in files if file.is_file()]


def imported(path: Path) -> set[str]:
    """The modules that a file may import: of `from a import b`, a and a.b."""
    modules = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
    return modules
