"""The package is the tree under other names, and whatever would be wrong there is refused."""

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from renamed import REPLACED, STAY, Refused, package, plugins_of, renamed

ROOT = Path(__file__).parents[2]
STEMS = {"dvc_dag", "dvc_operator"}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("package") / "leeway"
    package(ROOT, folder)
    return folder


def sources(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.py")}


def test_imports_and_docstrings_have_the_new_names_and_all_else_is_kept():
    before = '''"""See include/errors.py, and include in prose.

Second line: `include.pipeline.plan`.
"""

import os  # include.errors in a comment

from dvc_operator import CloseRun, \\
    OpenRun
from include import errors as words
from include.pipeline . plan import (  # a comment
    Plan,
)

def read() -> str:
    "From include.errors."
    from include.errors import PlatformError
    return f"é {os.sep} including {PlatformError}"; from include import summary
'''
    after = '''"""See leeway/errors.py, and include in prose.

Second line: `leeway.pipeline.plan`.
"""

import os  # include.errors in a comment

from leeway.airflow.dvc_operator import CloseRun, \\
    OpenRun
from leeway import errors as words
from leeway.pipeline.plan import (  # a comment
    Plan,
)

def read() -> str:
    "From leeway.errors."
    from leeway.errors import PlatformError
    return f"é {os.sep} including {PlatformError}"; from leeway import summary
'''
    assert renamed(before, "a.py", STEMS) == after


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('NAME = "include.pipeline.child"', "include.pipeline.child"),
        ('NAME = f"see include/errors.py of {1}"', "include/errors.py"),
        ('NAME = "dvc_operator.DvcStage"', "dvc_operator.DvcStage"),
        ("import include.errors", "include.errors"),
        ("import dvc_dag", "dvc_dag"),
        ("print(include)", "include"),
    ],
)
def test_an_old_name_that_is_left_is_refused(line, name):
    with pytest.raises(Refused) as caught:
        renamed(f'"""A module."""\n\n{line}\n', "a.py", STEMS)
    assert str(caught.value) == f"a.py:3 says {name!r}: compute it, or import from it."


def test_what_stays_here_is_not_imported(tmp_path):
    for room in ("airflow_site", "command", "pipeline", "flights"):
        (tmp_path / "include" / room).mkdir(parents=True)
        (tmp_path / "include" / room / "__init__.py").touch()
    (tmp_path / "include/pipeline/a.py").write_text("from include import flights\n")
    with pytest.raises(
        Refused, match=r"include/pipeline/a.py imports include.flights, which stays"
    ):
        package(tmp_path, tmp_path / "made")


def test_the_package_holds_the_runner_and_nothing_of_a_pipeline(made):
    rooms = {path.name for path in made.iterdir()}
    assert {"airflow", "airflow_site", "command", "pipeline", "errors.py", "py.typed"} <= rooms
    assert not rooms & {*REPLACED, *(f"{room}.py" for room in REPLACED)}
    plugins, held = (
        {p.name for p in at.glob("*.py")} for at in (ROOT / "plugins", made / "airflow")
    )
    assert {name for name in plugins if not name.startswith(STAY)} < held
    assert not [name for name in held if name.startswith(STAY)]


def test_all_that_it_imports_of_itself_is_there(made):
    for file, text in sources(made).items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("leeway"):
                path = made.parent / str(node.module).replace(".", "/")
                assert path.is_dir() or path.with_suffix(".py").is_file(), (file, node.module)


def imported(text: str) -> set[str]:
    """The packages that a module imports, wherever it does."""
    nodes = list(ast.walk(ast.parse(text)))
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    found = {str(node.module) for node in froms}
    found |= {one.name for node in nodes if isinstance(node, ast.Import) for one in node.names}
    return {name.partition(".")[0] for name in found}


def test_each_library_that_it_imports_is_asked_for(made):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    lines = [*project["dependencies"], *(line for extra in extras for line in extra)]
    asked = {canonicalize_name(Requirement(line).name) for line in lines}
    # What these bring is theirs to ask for: their own parts, and what we meet in their hands.
    asked |= {"apache-airflow-core", "apache-airflow-task-sdk", "dvc-data", "dvc-objects"}
    pages = {"fastapi", "itsdangerous", "jinja2", "markupsafe"}
    by = {"airflow": {*pages, "pendulum", "sqlalchemy"}, "dvc": {"configobj", "networkx"}}
    asked |= set().union(*by.values()) | {"requests", "urllib3"}  # of docker and kubernetes
    known = packages_distributions()
    libraries = set().union(*map(imported, sources(made).values())) - {"leeway"}
    libraries -= sys.stdlib_module_names
    missing = {
        name for name in libraries if not {canonicalize_name(d) for d in known[name]} & asked
    }
    assert missing == set()


def test_each_plugin_is_an_entry_point():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = {
        f"leeway.airflow.{path.stem}:{node.name}"
        for path in plugins_of(ROOT)
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and "AirflowPlugin" in map(ast.unparse, node.bases)
    }
    assert {*project["entry-points"]["airflow.plugins"].values()} == found
    [policy] = project["entry-points"]["airflow.policy"].values()
    assert (ROOT / "plugins" / f"{policy.rpartition('.')[2]}.py").is_file()
