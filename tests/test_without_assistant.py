"""The second project can be deleted by the lines of its page; and while it is there, the first is as without it."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from doc_pages import blocks
from small_git import commit, shell

from include.environments import exported

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/assistant.md"
# What may say the word when it is gone: that there is none, or what a project may be called.
MAY_SAY = {"CHANGELOG.md", "Makefile", "package/renamed.py", "pyproject.toml"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this tree, in a repository of its own."""
    folder = tmp_path_factory.mktemp("whole") / "leeway"
    listed = shell(ROOT, "git", "ls-files", "-z", "-co", "--exclude-standard").split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file() and not (ROOT / name).is_symlink():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    shell(folder, "git", "init", "--quiet")
    commit(folder, "both projects")
    return folder


@pytest.fixture(scope="module")
def without(whole: Path) -> Path:
    """A copy of which the lines of the page have taken the assistant."""
    folder = Path(shutil.copytree(whole, whole.with_name("without")))
    [told] = [block.text for block in blocks(PAGE) if block.heading == "Delete it"]
    lines = [line for line in told.splitlines() if line != "make lock"]
    assert len(lines) == len(told.splitlines()) - 1
    shell(folder, "bash", "-ec", "\n".join(lines))
    return folder


def files(folder: Path, *patterns: str) -> dict[str, str]:
    """The text of what git tracks and is there."""
    names = shell(folder, "git", "ls-files", "-z", *patterns).split("\0")
    return {name: (folder / name).read_text(errors="replace") for name in filter(None, names)}


def test_nothing_else_names_it(without):
    said = {name for name, text in files(without).items() if "assistant" in text.lower()}
    assert said <= MAY_SAY
    assert not [name for name in files(without) if "assistant" in name]


def modules(text: str) -> set[str]:
    """The modules of ours that a module imports, wherever it does."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    return {str(node.module) for node in nodes if str(node.module).startswith("include")}


def test_all_that_is_left_finds_what_it_imports(without):
    for name, text in files(without, "*.py").items():
        for module in modules(text):
            place = without / module.replace(".", "/")
            assert place.with_suffix(".py").exists() or place.is_dir(), (name, module)


@pytest.mark.parametrize("words", [("check",), ("format", "--check")])
def test_what_is_left_is_as_ruff_has_it(without, words):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *words, "--no-cache", "."],
        cwd=without,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_what_is_left_of_the_settings_can_be_read(without):
    for name, text in files(without, "*.yaml").items():
        assert yaml.safe_load(text) is not None, name
    project = tomllib.loads((without / "pyproject.toml").read_text())
    lock = ROOT / "environments/development.txt"
    for use, text in exported(without / "pyproject.toml", lock).items():
        assert text == (ROOT / f"environments/{use}.txt").read_text()
    for contract in project["tool"]["importlinter"]["contracts"]:
        assert contract.get("modules") != ["include.flights"]
        assert not [name for name in str(contract).split("'") if name.endswith("assistant")]


def run(folder: Path, *words: str) -> str:
    """What a Python command says in a copy, whether it ends well or not."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder.parent),
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(folder.parent / "site"),
            "AIRFLOW__LEEWAY__REPO": str(folder),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout + done.stderr).replace(str(folder), "")


def test_both_trees_would_run_the_same_stages_for_the_same_reasons(whole, without):
    """By what the lockfile says: of a clone that has no data yet."""
    asked = ("-m", "dvc", "repro", "--dry", "--allow-missing")
    said = run(whole, *asked)
    assert "'ingest_flights'" in said and "assistant" not in said
    # Stages that need nothing of each other come in any order.
    assert sorted(run(without, *asked).splitlines()) == sorted(said.splitlines())


PARSE = """
import pathlib, runpy, sys
sys.path[:0] = [".", "plugins", "dags"]
for file in sorted(pathlib.Path("dags").glob("*.py")):
    held = runpy.run_path(str(file))
    print(*[dag.dag_id for dag in held.values() if type(dag).__name__ in ("DAG", "Pipeline")])
"""


def test_all_dags_that_are_left_can_be_read(without):
    said = run(without, "-c", PARSE).split()
    assert said == [path.stem for path in sorted((without / "dags").glob("*.py"))]


def test_make_says_that_there_is_none(without):
    for target in ("assistant", "assistant-serve"):
        # The suite itself is begun by make, whose children say which folder they enter.
        words = ["make", "--no-print-directory", "--assume-old=setup", target]
        done = subprocess.run(words, cwd=without, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stdout == "include/assistant is not here: it was deleted.\n"


def test_no_key_of_the_first_project_holds_anything_of_it():
    """No dep names it, nor a folder around it; and no file among the deps does."""
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    deps = {dep for stage in stages.values() for dep in stage["deps"]}
    above = {"include", "docs", "environments", "dags", "plugins", "tests", "pyproject.toml"}
    assert not deps & above
    code = [path for dep in deps for path in [ROOT / dep, *(ROOT / dep).rglob("*")]]
    tracked = files(ROOT, "include", "environments", "feature_repo")
    held = {str(path.relative_to(ROOT)) for path in code} & {*tracked}
    assert len(held) > 50
    assert [name for name in held if re.search("assistant", tracked[name])] == []
